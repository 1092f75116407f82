import assert from "node:assert/strict";
import { ImageDecoder } from "../../../data/image/decode_image.ts";
import { countLevels, type DecodedImage, deepImage } from "../../../data/image/decoded_image.ts";
import { preprocess } from "../../../data/image/preprocess.ts";
import { equalize, toBytes } from "../../../data/image/scale/equalize.ts";
import { resampleSquare } from "../../../data/image/scale/resample.ts";
import { gray, makePng, makeTiff, pngChunk } from "./image_writers.ts";

const SIDE = 96;

/** A smooth image between 0.01 and 0.99 of white at the given depth. */
function exposure(bits: number) {
  const brightness = (x: number, y: number) => {
    const fine = ((x * 7919 + y * 104729) % 1009) / 1009 - 0.5;
    return 0.5 + 0.4 * Math.sin(x / 17) * Math.cos(y / 23) + 0.06 * fine;
  };
  return gray({ width: SIDE, height: SIDE, value: (x, y) => Math.round(brightness(x, y) * (2 ** bits - 1)) });
}

function distinct(values: Uint8Array): number {
  return new Set(values).size;
}

Deno.test("8-, 12- and 16-bit files of one image give nearly equal results with all gray levels", async () => {
  const files: Record<string, Uint8Array> = {
    "8-bit PNG": makePng({ ...exposure(8), depth: 8 }),
    "16-bit PNG": makePng({ ...exposure(16), depth: 16 }),
    "12 of 16 bits in PNG": makePng({ ...exposure(12), depth: 16 }),
    "12 of 16 bits in PNG with sBIT": makePng({
      ...gray({ width: SIDE, height: SIDE, value: (x, y) => exposure(12).sample(x, y, 0) << 4 }),
      depth: 16,
      chunks: [pngChunk("sBIT", Uint8Array.of(12))],
    }),
    "12 of 16 bits in TIFF": makeTiff({ ...exposure(12), bits: 16 }),
    "12-bit TIFF": makeTiff({ ...exposure(12), bits: 12 }),
    "10-bit TIFF": makeTiff({ ...exposure(10), bits: 10 }),
  };
  const decoder = new ImageDecoder();
  for (const preprocessing of ["radiograph", "plain"] as const) {
    const expected = preprocess(await decoder.decode(files["8-bit PNG"]!), { size: 64, preprocessing });
    for (const [name, file] of Object.entries(files)) {
      const prepared = preprocess(await decoder.decode(file), { size: 64, preprocessing });
      assert.ok(distinct(prepared) > 180, `${name}: ${distinct(prepared)} gray levels`);
      const differences = prepared.map((value, i) => Math.abs(value - expected[i]!));
      const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
      assert.ok(Math.max(...differences) <= 4 && mean < 1, `${name}: ${Math.max(...differences)}, mean ${mean}`);
    }
  }
});

Deno.test("8-bit values stored in 16 bits are prepared exactly like 8-bit images", () => {
  const samples = Uint8Array.from({ length: 61 * 83 }, (_, i) => (i * 7919 >> 3) & 255);
  for (const size of [28, 64, 100]) {
    for (const preprocessing of ["radiograph", "plain"] as const) {
      const eight: DecodedImage = { width: 61, height: 83, samples, bitsUsed: 8 };
      const wide = deepImage(Uint16Array.from(samples), { width: 61, height: 83 });
      assert.deepEqual(preprocess(wide, { size, preprocessing }), preprocess(eight, { size, preprocessing }));
    }
  }
});

Deno.test("resampleSquare() keeps constant 16-bit images constant, and deep samples within their range", () => {
  for (const level of [0, 1, 40_000, 65_535]) {
    const pixels = new Uint16Array(50 * 50).fill(level);
    const region = { pixels, stride: 50, left: 0, top: 0, side: 50, bitsUsed: 16 };
    for (const size of [7, 90]) assert.ok(resampleSquare(region, size).every((value) => value === level));
  }
  const edges = Uint16Array.from({ length: 40 * 40 }, (_, i) => (i % 40 < 20 ? 0 : 4095));
  const out = resampleSquare({ pixels: edges, stride: 40, left: 0, top: 0, side: 40, bitsUsed: 12 }, 64);
  assert.equal(Math.max(...out), 4095, "the kernel's overshoot is clamped");
  assert.equal(Math.min(...out), 0);
});

Deno.test("toBytes() scales a range to 0 to 255, rounded", () => {
  assert.deepEqual([...toBytes(Uint16Array.of(0, 8, 9, 2048, 4086, 4087, 4095), 12)], [0, 0, 1, 128, 254, 255, 255]);
  assert.deepEqual([...equalize(Uint16Array.of(0, 4095), 12)], [0, 255], "too few pixels to equalise");
});

Deno.test("countLevels() counts distinct values up to one hundred", () => {
  assert.equal(countLevels(new Uint8Array(1000).fill(3)), 1);
  assert.equal(countLevels(Uint16Array.from({ length: 1000 }, (_, i) => (i & 1) * 60_000)), 2);
  assert.equal(countLevels(Uint16Array.from({ length: 99 }, (_, i) => i * 600)), 99);
  assert.equal(countLevels(Uint16Array.from({ length: 60_000 }, (_, i) => i)), 100);
});
