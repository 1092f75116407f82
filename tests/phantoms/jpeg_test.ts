import assert from "node:assert/strict";
// @ts-types="../../data/image/jpeg/libjpeg_turbo.d.ts"
import createModule from "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs";
import fc from "fast-check";
import { encodeGrayJpeg } from "../../phantoms/jpeg.ts";
import { SeededRandom } from "../../base/random.ts";

const codec = new (await createModule()).JPEGDecoder();

/** The pixels as libjpeg-turbo decodes them. */
function decoded(jpeg: Uint8Array): { width: number; height: number; pixels: Uint8Array } {
  codec.getEncodedBuffer(jpeg.length).set(jpeg);
  codec.decode();
  const { width, height, componentCount } = codec.getFrameInfo();
  assert.equal(componentCount, 1);
  return { width, height, pixels: new Uint8Array(codec.getDecodedBuffer()) };
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  assert.equal(a.length, b.length);
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
}

function smoothImage(width: number, height: number): Uint8Array {
  return Uint8Array.from(
    { length: width * height },
    (_, i) => 128 + 100 * Math.sin((i % width) / 7) * Math.cos(Math.floor(i / width) / 11),
  );
}

Deno.test("encodeGrayJpeg() reproduces smooth images of any size within 1 level on average", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 }), (width, height) => {
      const pixels = smoothImage(width, height);
      const got = decoded(encodeGrayJpeg(pixels, { width, height, quality: 95 }));
      assert.deepEqual([got.width, got.height], [width, height]);
      assert.ok(meanDifference(got.pixels, pixels) < 1);
    }),
    { numRuns: 60 },
  );
});

Deno.test("encodeGrayJpeg() reproduces noise at quality 100 within 2 levels everywhere", () => {
  const random = new SeededRandom("jpeg test");
  const [width, height] = [83, 61];
  const pixels = Uint8Array.from({ length: width * height }, () => random.below(256));
  const got = decoded(encodeGrayJpeg(pixels, { width, height, quality: 100 }));
  got.pixels.forEach((value, i) => assert.ok(Math.abs(value - pixels[i]!) <= 2));
});

Deno.test("encodeGrayJpeg() encodes black and white noise, with the largest coefficients, at every quality", () => {
  const random = new SeededRandom("jpeg extremes");
  const [width, height] = [64, 48];
  const pixels = Uint8Array.from({ length: width * height }, () => random.below(2) * 255);
  let last = Infinity;
  for (const quality of [1, 10, 50, 75, 95, 100]) {
    const got = decoded(encodeGrayJpeg(pixels, { width, height, quality }));
    const difference = meanDifference(got.pixels, pixels);
    assert.ok(difference < last, `quality ${quality}: ${difference}`);
    last = difference;
  }
  assert.ok(last < 1);
});

Deno.test("encodeGrayJpeg() reproduces checkerboards and stripes, the pure frequencies, at quality 100", () => {
  for (const test of [(x: number, y: number) => (x + y) & 1, (x: number) => x & 1, (_: number, y: number) => y & 1]) {
    const pixels = Uint8Array.from({ length: 32 * 32 }, (_, i) => test(i % 32, i >> 5) * 255);
    const got = decoded(encodeGrayJpeg(pixels, { width: 32, height: 32, quality: 100 }));
    got.pixels.forEach((value, i) => assert.ok(Math.abs(value - pixels[i]!) <= 2));
  }
});

Deno.test("encodeGrayJpeg() reproduces a constant image exactly", () => {
  for (const level of [0, 1, 128, 255]) {
    const pixels = new Uint8Array(24 * 17).fill(level);
    assert.deepEqual(decoded(encodeGrayJpeg(pixels, { width: 24, height: 17, quality: 95 })).pixels, pixels);
  }
});

Deno.test("encodeGrayJpeg() writes a baseline frame with one 8-bit component and quality 95's quantiser", () => {
  const jpeg = encodeGrayJpeg(new Uint8Array(300 * 200), { width: 300, height: 200, quality: 95 });
  assert.deepEqual([...jpeg.subarray(0, 4)], [0xff, 0xd8, 0xff, 0xe0]);
  assert.deepEqual([...jpeg.subarray(-2)], [0xff, 0xd9]);
  const segment = (marker: number) => {
    for (let at = 2; at < jpeg.length; at += 2 + (jpeg[at + 2]! << 8 | jpeg[at + 3]!)) {
      if (jpeg[at + 1] === marker) return jpeg.subarray(at + 4, at + 2 + (jpeg[at + 2]! << 8 | jpeg[at + 3]!));
    }
    throw new Error(`no segment ${marker}`);
  };
  assert.deepEqual([...segment(0xc0)], [8, 0, 200, 1, 44, 1, 1, 0x11, 0]);
  // libjpeg's steps at quality 95 in zigzag order: a tenth of 16, 11, 12, 14, ...
  assert.deepEqual([...segment(0xdb).subarray(0, 13)], [0, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 2, 2]);
  assert.equal(segment(0xdb)[64], 10);
});

Deno.test("encodeGrayJpeg() rejects sizes and qualities out of range", () => {
  const pixels = new Uint8Array(4);
  const options = { width: 2, height: 2, quality: 95 };
  assert.throws(() => encodeGrayJpeg(pixels, { ...options, width: 3 }), /4 pixels given, but 3 x 2 are 6/);
  assert.throws(() => encodeGrayJpeg(pixels, { ...options, width: 0 }), /width is 0/);
  assert.throws(() => encodeGrayJpeg(pixels, { ...options, height: 65536 }), /height is 65536/);
  assert.throws(() => encodeGrayJpeg(pixels, { ...options, quality: 101 }), /quality is 101/);
});
