import assert from "node:assert/strict";
import { type EncodedFrom, type EncoderState, LatentsMemory } from "../../../eval/mod.ts";

/** What nothing but its identity matters of. */
const from = (pixels: object, pairs: object) => ({ pixels, pairs }) as EncodedFrom;

Deno.test("LatentsMemory encodes again only for other pixels, other pairs or other encoders", async () => {
  const memory = new LatentsMemory();
  let encoded = 0;
  const ask = (state: EncoderState, source: EncodedFrom) =>
    memory.of(state, source, () => {
      encoded++;
      return Promise.resolve([{
        view: String(encoded),
        values: new Float32Array(),
        dimension: 1,
        study: new Int32Array(),
      }]);
    });
  const [pixels, pairs] = [{}, {}];
  const first = await ask("trained", from(pixels, pairs));
  assert.equal(await ask("trained", from(pixels, pairs)), first);
  assert.equal(encoded, 1);
  assert.notEqual(await ask("untrained", from(pixels, pairs)), first);
  assert.equal(await ask("trained", from(pixels, pairs)), first);
  assert.equal(encoded, 2);
  await ask("trained", from({}, pairs));
  await ask("trained", from(pixels, {}));
  assert.equal(encoded, 4);
});
