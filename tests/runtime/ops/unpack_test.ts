import assert from "node:assert/strict";
import { compile } from "../../../runtime/program/compile.ts";
import { Device } from "../../../runtime/device/device.ts";
import { input } from "../../../runtime/graph/leaf.ts";
import { unpackBytes } from "../../../runtime/ops/unpack.ts";
import { relativeError } from "../../reference/compare.ts";

Deno.test("unpackBytes() takes the views of a batch out of one buffer of bytes", async () => {
  using device = await Device.open();
  const shape = [3, 3, 3, 1];
  using program = await compile(device, () => {
    const pixels = input("pixels", { shape: [14], dtype: "u32" });
    return { outputs: { a: unpackBytes(pixels, { shape }), b: unpackBytes(pixels, { shape, first: 27 }) } };
  });
  const pixels = Uint8Array.from({ length: 56 }, (_, i) => (i * 41) & 255);
  program.run({ pixels });
  const [a, b] = await program.read("a", "b");
  assert.ok(relativeError(a!, Float64Array.from(pixels.subarray(0, 27), (value) => value / 255)) < 1e-7);
  assert.ok(relativeError(b!, Float64Array.from(pixels.subarray(27, 54), (value) => value / 255)) < 1e-7);
});

Deno.test("unpackBytes() rejects reads beyond its words, and words that are not u32", () => {
  const words = input("words", { shape: [4], dtype: "u32" });
  assert.throws(
    () => unpackBytes(words, { shape: [17] }),
    /bytes 0 to 16 of u32 words, got u32 \[4\], which is 16 bytes/,
  );
  assert.throws(() => unpackBytes(words, { shape: [2], first: 15 }), /bytes 15 to 16/);
  assert.throws(() => unpackBytes(words, { shape: [2], first: -1 }), /bytes -1/);
  assert.throws(() => unpackBytes(input("floats", { shape: [4] }), { shape: [2] }), /got f32/);
});
