import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { ImageDecoder } from "../../../../data/image/decode_image.ts";
import { ImageError } from "../../../../data/image/image_error.ts";
import { luma } from "../../../../data/image/samples/gray.ts";
import { readTiff } from "../../../../data/image/tiff/read_tiff.ts";
import { gray, makeTiff, type Picture, type TiffOptions } from "../image_writers.ts";

const read = (options: TiffOptions) => readTiff(makeTiff(options), { maxPixels: 1_000_000 });

function pixels(
  { width, height, sample }: Picture,
  toGray: (x: number, y: number) => number = (x, y) => sample(x, y, 0),
) {
  return Array.from({ length: width * height }, (_, i) => toGray(i % width, Math.floor(i / width)));
}

/** A ramp over the full range of the depth. */
function ramp(bits: number): Picture {
  const white = 2 ** bits - 1;
  return gray({ value: (x, y) => (x === 12 && y === 10) ? white : (x * 40503 * 65537 + y * 977) % 2 ** bits });
}

for (const bits of [1, 2, 3, 4, 6, 8, 10, 12, 14, 16]) {
  for (const bigEndian of [false, true]) {
    Deno.test(`readTiff() reads ${bits}-bit gray of either polarity, ${bigEndian ? "big" : "little"}-endian`, () => {
      const white = 2 ** bits - 1;
      const picture = ramp(bits);
      const black = read({ ...picture, bits, bigEndian });
      const scale = bits < 8 ? 255 / white : 1;
      const expected = pixels(picture, (x, y) => Math.round(picture.sample(x, y, 0) * scale));
      assert.deepEqual([...black.samples], expected);
      assert.equal(black.bitsUsed, Math.max(8, bits));
      const inverted = read({ ...picture, bits, bigEndian, photometric: 0 });
      assert.deepEqual([...inverted.samples], expected.map((value) => 2 ** black.bitsUsed - 1 - value));
    });
  }
}

Deno.test("readTiff() derives the depth from the used range before inverting", () => {
  const picture = gray({ value: (x, y) => 300 * x + y });
  const image = read({ ...picture, bits: 16, photometric: 0 });
  assert.equal(image.bitsUsed, 12);
  assert.deepEqual([...image.samples], pixels(picture, (x, y) => 4095 - picture.sample(x, y, 0)));
});

Deno.test("readTiff() keeps the top 16 bits of 32-bit gray", () => {
  const picture = gray({ value: (x, y) => x * 2 ** 27 + y });
  assert.deepEqual([...read({ ...picture, bits: 32 }).samples], pixels(picture, (x) => x * 2 ** 12));
  const small = gray({ value: (x, y) => x * 300 + y });
  assert.deepEqual([...read({ ...small, bits: 32 }).samples], pixels(small), "exact where they fit");
});

for (const bits of [8, 16, 32]) {
  Deno.test(`readTiff() reads signed ${bits}-bit samples in numeric order`, () => {
    const positive = gray({ value: (x, y) => x * 7 + y });
    const signed = { bits, tags: { 339: [2] } };
    assert.deepEqual(
      [...read({ ...positive, ...signed }).samples],
      pixels(positive),
      "those below zero aside, as they are",
    );
    const mixed = gray({ value: (x, y) => x * 7 + y - 50 });
    assert.deepEqual([...read({ ...mixed, ...signed }).samples], pixels(positive), "from the smallest on");
  });
}

const CODINGS: Partial<TiffOptions>[] = [
  {},
  { rowsPerStrip: 4 },
  { tile: { width: 16, height: 16 } },
  { tile: { width: 16, height: 16 }, bigEndian: true },
  { big: true },
  { big: true, bigEndian: true, rowsPerStrip: 3 },
];
for (const compression of ["none", "lzw", "deflate", "packBits"] as const) {
  for (const predictor of compression === "lzw" || compression === "deflate" ? [false, true] : [false]) {
    for (const bits of [8, 16]) {
      Deno.test(`readTiff() reads ${bits}-bit gray, RGB and planar RGB by ${compression}${predictor ? " with predictor 2" : ""}`, () => {
        const picture = { ...gray({ width: 37, height: 29 }) };
        picture.sample = (x, y, c) => (x * 601 + y * 977 + c * 9973 + (x === 36 ? 40000 : 0)) & (2 ** bits - 1);
        const colour = pixels(
          picture,
          (x, y) => luma(picture.sample(x, y, 0), picture.sample(x, y, 1), picture.sample(x, y, 2)),
        );
        for (const coding of CODINGS) {
          const options = { ...picture, ...coding, bits, compression, predictor };
          assert.deepEqual([...read(options).samples], pixels(picture));
          assert.deepEqual([...read({ ...options, channels: 3 }).samples], colour);
          assert.deepEqual([...read({ ...options, channels: 3, planar: true }).samples], colour);
          assert.deepEqual([...read({ ...options, channels: 4, tags: { 338: [2] } }).samples], colour);
        }
      });
    }
  }
}

Deno.test("readTiff() reads bytes whose lowest bit comes first", () => {
  for (const bits of [1, 4, 8, 12, 16]) {
    for (const compression of ["none", "lzw"] as const) {
      const picture = ramp(bits);
      const plain = read({ ...picture, bits, compression });
      assert.deepEqual(read({ ...picture, bits, compression, reversedBits: true }), plain);
    }
  }
});

Deno.test("readTiff() ignores alpha, and undoes premultiplication", () => {
  const picture = gray({ width: 6, height: 2 });
  const alpha = (x: number) => [255, 128, 51, 0, 255, 200][x]!;
  picture.sample = (x, y, c) => c === 1 ? alpha(x) : Math.floor((40 * x + y) * alpha(x) / 255);
  const two = { ...picture, channels: 2, photometric: 1 };
  assert.deepEqual([...read({ ...two, tags: { 338: [2] } }).samples], pixels(picture));
  assert.deepEqual([...read(two).samples], pixels(picture));
  const divided = pixels(
    picture,
    (x, y) => alpha(x) === 0 ? picture.sample(x, y, 0) : Math.floor(picture.sample(x, y, 0) * 255 / alpha(x)),
  );
  assert.deepEqual([...read({ ...two, tags: { 338: [1] } }).samples], divided);
});

for (const bits of [1, 2, 4, 8]) {
  Deno.test(`readTiff() reads ${bits}-bit palettes of 16-bit and of 8-bit colours`, () => {
    const entries = 2 ** bits;
    const colour = (i: number, c: number) => (i * 31 + c * 77 + 20) & 255;
    const picture = gray({ value: (x, y) => (x + y) % entries });
    const expected = pixels(picture, (x, y) => {
      const i = (x + y) % entries;
      return luma(colour(i, 0), colour(i, 1), colour(i, 2));
    });
    for (const scale of [257, 1]) {
      const map = [0, 1, 2].flatMap((c) => Array.from({ length: entries }, (_, i) => colour(i, c) * scale));
      assert.deepEqual([...read({ ...picture, bits, photometric: 3, tags: { 320: map } }).samples], expected);
    }
  });
}

Deno.test("readTiff() applies the orientation tag", () => {
  const stored = [1, 2, 3, 4, 5, 6];
  const picture = gray({ width: 3, height: 2, value: (x, y) => stored[3 * y + x]! });
  const turned: Record<number, [number, number, number[]]> = {
    1: [3, 2, [1, 2, 3, 4, 5, 6]],
    2: [3, 2, [3, 2, 1, 6, 5, 4]],
    3: [3, 2, [6, 5, 4, 3, 2, 1]],
    4: [3, 2, [4, 5, 6, 1, 2, 3]],
    5: [2, 3, [1, 4, 2, 5, 3, 6]],
    6: [2, 3, [4, 1, 5, 2, 6, 3]],
    7: [2, 3, [6, 3, 5, 2, 4, 1]],
    8: [2, 3, [3, 6, 2, 5, 1, 4]],
  };
  for (const [orientation, expected] of Object.entries(turned)) {
    const { width, height, samples } = read({ ...picture, orientation: Number(orientation) });
    assert.deepEqual([width, height, [...samples]], expected, `orientation ${orientation}`);
  }
});

const REFUSED: [string, Partial<TiffOptions>, RegExp][] = [
  ["several pages", { next: 8 }, /several pages/],
  ["half floats", { bits: 16, tags: { 339: [3] } }, /16-bit floating-point/],
  ["floats", { bits: 32, tags: { 339: [3] } }, /32-bit floating-point/],
  ["predictor 3", { bits: 8, compression: "lzw", tags: { 317: [3] } }, /predictor 3/],
  ["predictor 2 at 4 bits", { bits: 4, compression: "lzw", tags: { 317: [2] } }, /predictor 2 at 4 bits/],
  ["CCITT", { tags: { 259: [4] } }, /CCITT group 4/],
  ["JPEG", { tags: { 259: [7] } }, /compressed by JPEG/],
  ["Zstandard", { tags: { 259: [50000] } }, /Zstandard/],
  ["an unknown compression", { tags: { 259: [12345] } }, /method 12345/],
  ["CMYK", { channels: 4, photometric: 5 }, /CMYK/],
  ["YCbCr", { channels: 3, photometric: 6 }, /YCbCr/],
  ["CIELab", { channels: 3, photometric: 8 }, /CIELab/],
  ["no photometric interpretation", { without: [262] }, /whether 0 is black or white/],
  ["64-bit samples", { bits: 8, tags: { 258: [64] } }, /64 bits a sample/],
  ["channels of different depths", { channels: 3, tags: { 258: [8, 8, 16] } }, /differ in depth \(8, 8, 16 bits\)/],
  ["no offsets", { without: [273] }, /stripOffsets/],
  ["fewer offsets than strips", { rowsPerStrip: 4, tags: { 273: [8] } }, /stripOffsets/],
  ["offsets outside of the file", { tags: { 273: [1e9] } }, /cut off/],
  ["tiles of no pixels", { tile: { width: 16, height: 16 }, tags: { 322: [0] } }, /no pixels/],
  ["huge tiles", { tile: { width: 16, height: 16 }, tags: { 322: [60000], 323: [60000] } }, /over the limit/],
  ["a palette that is missing", { photometric: 3 }, /colorMap/],
];
for (const [what, change, says] of REFUSED) {
  Deno.test(`a TIFF with ${what} is refused by name`, async () => {
    await assert.rejects(new ImageDecoder().decode(makeTiff({ ...gray(), ...change })), (error) => {
      assert.ok(error instanceof ImageError, String(error));
      assert.match(error.message, says);
      return true;
    });
  });
}

Deno.test("a TIFF whose data inflate to 400 MB more than the header says is refused early", async () => {
  const data = deflateSync(new Uint8Array(400 << 20), { level: 1 });
  const plain = makeTiff({ ...gray({ width: 8, height: 8 }), tags: { 259: [8], 273: [4096], 279: [data.length] } });
  const file = new Uint8Array(4096 + data.length);
  file.set(plain);
  file.set(data, 4096);
  const before = Deno.memoryUsage().rss;
  await assert.rejects(new ImageDecoder().decode(file), /inflates to more than its header says/);
  assert.ok(Deno.memoryUsage().rss - before < 64 << 20);
});

Deno.test("a TIFF with overlapping strips or cyclic links is refused, or read only once", async () => {
  const overlapping = makeTiff({ ...gray({ width: 8, height: 400 }), rowsPerStrip: 1, compression: "lzw" });
  const shared = makeTiff({
    ...gray({ width: 8, height: 400 }),
    rowsPerStrip: 1,
    compression: "lzw",
    tags: { 273: new Array<number>(400).fill(8), 279: new Array<number>(400).fill(overlapping.length - 8) },
  });
  await assert.rejects(new ImageDecoder().decode(shared), /overlap|cut off/);
  const linked = makeTiff({ ...gray(), tags: { 330: new Array<number>(100).fill(8) } });
  assert.deepEqual([...(await new ImageDecoder().decode(linked)).samples], pixels(gray()), "SubIFDs are passed over");
});

Deno.test("readTiff() round-trips arbitrary data through LZW and PackBits", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 6000 }),
    fc.array(fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 400 })), { minLength: 1, maxLength: 40 }).map((runs) =>
      Uint8Array.from(runs.flatMap(([value, count]) => new Array<number>(count).fill(value)))
    ),
  );
  fc.assert(fc.property(bytes, fc.constantFrom("lzw", "packBits"), (data, compression) => {
    const picture = { width: data.length, height: 1, sample: (x: number) => data[x]! };
    assert.deepEqual(read({ ...picture, compression: compression as "lzw" | "packBits" }).samples, data);
  }));
});
