import assert from "node:assert/strict";
import { readBmp } from "../../../../data/image/bmp/read_bmp.ts";
import { ImageError } from "../../../../data/image/image_error.ts";
import { luma } from "../../../../data/image/samples/gray.ts";
import { gray, makeBmp, type Picture } from "../image_writers.ts";

function pixels(
  { width, height, sample }: Picture,
  toGray: (x: number, y: number) => number = (x, y) => sample(x, y, 0),
) {
  return Array.from({ length: width * height }, (_, i) => toGray(i % width, Math.floor(i / width)));
}

for (const headerBytes of [12, 40, 52, 56, 64, 108, 124]) {
  for (const bits of [1, 2, 4, 8, 24] as const) {
    Deno.test(`readBmp() reads ${bits} bits under a ${headerBytes}-byte header, wherever the pixels begin`, () => {
      const white = bits === 24 ? 255 : 2 ** bits - 1;
      const picture = gray();
      picture.sample = (x, y, c) => (x * 19 + y * 7 + c * 31) & white;
      // Stored as blue, green, red.
      const expected = bits === 24
        ? pixels(picture, (x, y) => luma(picture.sample(x, y, 2), picture.sample(x, y, 1), picture.sample(x, y, 0)))
        : pixels(picture, (x, y) => Math.round(picture.sample(x, y, 0) * 255 / white));
      for (const gap of [0, 14, 100]) {
        const image = readBmp(makeBmp({ ...picture, bits, headerBytes, gap }));
        assert.deepEqual([image.width, image.height, ...image.samples], [13, 11, ...expected]);
      }
    });
  }
}

Deno.test("readBmp() reads top-down rows if the height is negative", () => {
  const picture = gray();
  assert.deepEqual([...readBmp(makeBmp({ ...picture, bits: 8, topDown: true })).samples], pixels(picture));
});

Deno.test("readBmp() maps indices through the palette", () => {
  const palette: [number, number, number][] = [[10, 20, 30], [200, 100, 50], [0, 255, 0], [7, 7, 7]];
  const picture = gray({ value: (x, y) => (x + y) % 4 });
  const expected = pixels(picture, (x, y) => luma(...(palette[(x + y) % 4]!)));
  assert.deepEqual([...readBmp(makeBmp({ ...picture, bits: 4, palette })).samples], expected);
});

const MASKS: [string, 16 | 32, readonly number[] | undefined, (value: number) => [number, number, number]][] = [
  [
    "555",
    16,
    undefined,
    (v) => [v >> 10 & 31, v >> 5 & 31, v & 31].map((c) => Math.floor(c * 255 / 31)) as [number, number, number],
  ],
  ["565", 16, [0xf800, 0x7e0, 0x1f], (v) => [
    Math.floor((v >> 11) * 255 / 31),
    Math.floor((v >> 5 & 63) * 255 / 63),
    Math.floor((v & 31) * 255 / 31),
  ]],
  ["888", 32, undefined, (v) => [v >> 16 & 255, v >> 8 & 255, v & 255]],
  ["RGBX", 32, [0xff000000, 0xff0000, 0xff00], (v) => [v >>> 24, v >> 16 & 255, v >> 8 & 255]],
];
for (const [name, bits, masks, channels] of MASKS) {
  for (const headerBytes of [40, 56, 124]) {
    Deno.test(`readBmp() reads ${bits}-bit pixels of ${name} under a ${headerBytes}-byte header`, () => {
      const picture = gray({ value: (x, y) => ((x * 2654435761 + y * 40503 * 65537) >>> 0) % 2 ** bits });
      const file = makeBmp({
        ...picture,
        bits,
        headerBytes,
        ...(masks === undefined ? {} : { masks, compression: 3 }),
      });
      assert.deepEqual(
        [...readBmp(file).samples],
        pixels(picture, (x, y) => luma(...channels(picture.sample(x, y, 0)))),
      );
    });
  }
}

/** Runs, a literal section, a delta and the end marker for a 6 x 3 image, in file order (bottom-up). */
const RLE8 = Uint8Array.of(3, 9, 0, 3, 1, 2, 3, 0, 0, 0, 0, 2, 2, 0, 4, 7, 0, 0, 6, 5, 0, 1);
const RLE4 = Uint8Array.of(3, 0x9a, 0, 3, 0x12, 0x30, 0, 0, 0, 2, 2, 0, 4, 0x78, 0, 0, 6, 0x55, 0, 1);
const LEVELS = Array.from({ length: 256 }, (_, i) => [i, i, i] as const);

Deno.test("readBmp() reads run-length encoded pixels of 8 and 4 bits", () => {
  const picture = { width: 6, height: 3, sample: () => 0 };
  const eight = readBmp(makeBmp({ ...picture, bits: 8, compression: 1, data: RLE8, palette: LEVELS }));
  assert.deepEqual([...eight.samples], [5, 5, 5, 5, 5, 5, 0, 0, 7, 7, 7, 7, 9, 9, 9, 1, 2, 3]);
  const four = readBmp(makeBmp({ ...picture, bits: 4, compression: 2, data: RLE4, palette: LEVELS.slice(0, 16) }));
  assert.deepEqual([...four.samples], [5, 5, 5, 5, 5, 5, 0, 0, 7, 8, 7, 8, 9, 10, 9, 1, 2, 3]);
});

Deno.test("readBmp() rejects truncated files, and unsupported kinds by name", () => {
  const picture = gray();
  const whole = makeBmp({ ...picture, bits: 8 });
  assert.throws(() => readBmp(whole.subarray(0, -20)), new ImageError("the BMP data is cut off"));
  assert.throws(
    () => readBmp(makeBmp({ ...picture, bits: 8, compression: 1, data: RLE8.subarray(0, 8) })),
    /the BMP data is cut off/,
  );
  assert.throws(() => readBmp(makeBmp({ ...picture, bits: 8, compression: 4 })), /compressed by method 4/);
  assert.throws(() => readBmp(makeBmp({ ...picture, bits: 8, compression: 2 })), /8 bits a pixel \(rle4\)/);
  assert.throws(
    () => readBmp(makeBmp({ ...picture, bits: 16, compression: 3, masks: [0x500, 0xf0, 0xf] })),
    /not runs of bits/,
  );
  const odd = whole.slice();
  odd[14] = 41;
  assert.throws(() => readBmp(odd), /header of 41 bytes/);
});
