import assert from "node:assert/strict";
import { BaselineJpegDecoder } from "../../data/image/baseline_jpeg.ts";
import { huffmanTables } from "../../data/image/huffman_tables.ts";
import { Codec } from "../../data/image/jpeg_decoder.ts";
import { readImageHeader } from "../../data/image/image_header.ts";
import type { GrayImage } from "../../data/image_source.ts";
import { SeededRandom } from "../../data/random.ts";

const GRAY = ["portrait_64", "landscape_64", "odd_prime_61", "stripes_48", "upscaled_64", "same_size_28", "noise_40"];
const read = (name: string) => Deno.readFile(new URL(`./golden/${name}.jpg`, import.meta.url));

/** The pixels without what fills up the rows. */
function dense({ width, height, pixels, stride = width }: GrayImage): Uint8Array {
  const rows = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * stride, y * stride + width), y * width);
  return rows;
}

for (const name of GRAY) {
  Deno.test(`BaselineJpegDecoder gives libjpeg-turbo's pixels: ${name}`, async () => {
    const bytes = await read(name);
    const image = new BaselineJpegDecoder().decode(bytes);
    const expected = (await Codec.load()).decode(bytes);
    assert.ok(image !== undefined);
    assert.deepEqual([image.width, image.height], [expected.width, expected.height]);
    assert.deepEqual(dense(image), dense(expected));
  });
}

Deno.test("BaselineJpegDecoder leaves colour, progressive and cut-off files to libjpeg-turbo", async () => {
  const decoder = new BaselineJpegDecoder();
  assert.equal(decoder.decode(await read("colour_420_64")), undefined);
  assert.equal(decoder.decode(await read("progressive_224")), undefined);
  const whole = await read("portrait_64");
  for (const length of [0, 1, 2, 20, 300, 700, whole.length / 2, whole.length - 1]) {
    assert.equal(decoder.decode(whole.subarray(0, length)), undefined);
  }
  assert.ok(decoder.decode(whole) !== undefined, "and goes on afterwards");
});

for (const name of ["odd_prime_61", "upscaled_64", "noise_40"]) {
  Deno.test(`of 500 changed files of ${name}, BaselineJpegDecoder takes none that libjpeg-turbo refuses, and differs in no pixel`, async () => {
    const whole = await read(name);
    const random = new SeededRandom("baseline", name);
    const decoder = new BaselineJpegDecoder();
    let codec = await Codec.load();
    let taken = 0;
    for (let i = 0; i < 500; i++) {
      const bytes = whole.slice();
      // Half of the changes hit the headers, where they matter most.
      const at = random.below(random.below(2) === 0 ? 700 : bytes.length) % bytes.length;
      bytes[at] = random.below(2) === 0 ? random.below(256) : bytes[at]! ^ (1 << random.below(8));
      if (tooLarge(bytes)) continue;
      const image = decoder.decode(bytes);
      if (image === undefined) continue;
      taken++;
      if (codec.isSpent) codec = await Codec.load();
      const expected = codec.decode(bytes);
      assert.deepEqual([image.width, image.height], [expected.width, expected.height]);
      assert.deepEqual(dense(image), dense(expected), `byte ${at} became ${bytes[at]}`);
    }
    assert.ok(taken > 50, `${taken} were decoded`);
  });
}

/** As the caller checks before. */
function tooLarge(bytes: Uint8Array): boolean {
  try {
    const { width, height } = readImageHeader(bytes);
    return width * height > 4e6;
  } catch {
    return false;
  }
}

Deno.test("huffmanTables() refuses codes that do not fit and DC sizes that cannot be", () => {
  const codes = (counts: Record<number, number>, symbols: number[]) => ({
    counts: Uint8Array.from({ length: 16 }, (_, i) => counts[i + 1] ?? 0),
    symbols: Uint8Array.from(symbols),
  });
  assert.equal(huffmanTables(codes({ 1: 3 }, [0, 1, 2]), "dc"), undefined);
  assert.equal(huffmanTables(codes({ 2: 2 }, [0, 16]), "dc"), undefined);
  const tables = huffmanTables(codes({ 1: 1, 2: 1 }, [2, 0]), "dc");
  // Code 0, then two extra bits: 00 is -3 and 11 is 3, three bits in all; code 10: size 0.
  assert.deepEqual([0b000, 0b011].map((bits) => tables!.fast[bits << 8]! >> 16), [-3, 3]);
  assert.deepEqual([tables!.full[0], tables!.full[0b10 << 14], tables!.full[0b11 << 14]], [0x102, 0x200, 0]);
});
