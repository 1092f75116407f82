import assert from "node:assert/strict";
import { measureFastDecode } from "../../phantoms/measure_fast_decode.ts";

Deno.test("fast decoding is close to exact decoding, and the same where nothing can be reduced", async () => {
  const small = { studies: 1, scale: 0.15 };
  const measured = await measureFastDecode(30, small);
  assert.ok(measured.greyLevels > 0 && measured.greyLevels < 2, `${measured.greyLevels} grey levels`);
  assert.ok(measured.images >= 2);
  assert.equal(measured.measuredOn, "phantoms of seed 1 at scale 0.15");
  assert.deepEqual(await measureFastDecode(30, small), measured);
  assert.equal((await measureFastDecode(250, small)).greyLevels, 0);
});
