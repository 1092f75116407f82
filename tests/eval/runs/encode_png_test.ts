import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import { encodePng } from "../../../eval/runs/encode_png.ts";

Deno.test("encodePng() writes rows that inflate to the pixels, with correct checksums", async () => {
  const pixels = Uint8Array.from({ length: 15 }, (_, i) => (i * 37) % 256);
  const file = await encodePng(pixels, { width: 5, height: 3 });
  const view = new DataView(file.buffer);
  assert.deepEqual([...file.slice(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  assert.deepEqual([view.getUint32(16), view.getUint32(20), file[24], file[25]], [5, 3, 8, 0]);
  const length = view.getUint32(33);
  const rows = inflateSync(file.slice(41, 41 + length));
  const got = [0, 1, 2].flatMap((y) => [...rows.subarray(y * 6 + 1, y * 6 + 6)]);
  assert.deepEqual(got, [...pixels]);
  // The checksum of an empty IEND chunk is the same in every PNG file.
  assert.deepEqual([...file.slice(-4)], [0xae, 0x42, 0x60, 0x82]);
});

Deno.test("encodePng() is deterministic and rejects a wrong number of pixels", async () => {
  const hash = async () =>
    createHash("sha256").update(await encodePng(new Uint8Array(64).fill(9), { width: 8, height: 8 })).digest("hex");
  assert.equal(await hash(), await hash());
  await assert.rejects(encodePng(new Uint8Array(7), { width: 2, height: 4 }), {
    name: "RangeError",
    message: /7 pixels .* 2 x 4/,
  });
});
