import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { ImageDecoder } from "../../../../data/image/decode_image.ts";
import { ImageError } from "../../../../data/image/image_error.ts";
import { readPng } from "../../../../data/image/png/read_png.ts";
import { luma } from "../../../../data/image/samples/gray.ts";
import { gray, makePng, type Picture, pngChunk } from "../image_writers.ts";

/** The expected gray samples, computed from each pixel's channels. */
function expected({ width, height, sample }: Picture, toGray: (channel: (c: number) => number) => number): number[] {
  return Array.from({ length: width * height }, (_, i) => toGray((c) => sample(i % width, Math.floor(i / width), c)));
}

for (const interlaced of [false, true]) {
  const how = interlaced ? "interlaced" : "row by row";
  for (const depth of [1, 2, 4, 8, 16]) {
    Deno.test(`readPng() reads ${depth}-bit gray, ${how}`, async () => {
      const white = 2 ** depth - 1;
      const picture = gray({ value: (x, y) => (x * 5003 + y * 811) & white });
      const image = await readPng(makePng({ ...picture, depth, interlaced }));
      const scale = depth < 8 ? 255 / white : 1;
      assert.deepEqual([...image.samples], expected(picture, (channel) => channel(0) * scale));
      assert.equal(image.bitsUsed, depth === 16 ? 16 : 8);
    });
  }
  for (const depth of [8, 16]) {
    const picture = gray();
    picture.sample = (x, y, c) => (x * 4111 + y * 811 + c * 9973) & (2 ** depth - 1);
    for (const [colourType, name] of [[2, "RGB"], [4, "gray with alpha"], [6, "RGB with alpha"]] as const) {
      Deno.test(`readPng() reads ${depth}-bit ${name}, ${how}, ignoring alpha`, async () => {
        const image = await readPng(makePng({ ...picture, depth, colourType, interlaced }));
        const toGray = colourType === 4
          ? (channel: (c: number) => number) => channel(0)
          : (channel: (c: number) => number) => luma(channel(0), channel(1), channel(2));
        assert.deepEqual([...image.samples], expected(picture, toGray));
      });
    }
  }
}

for (const depth of [1, 2, 4, 8]) {
  Deno.test(`readPng() reads ${depth}-bit palettes`, async () => {
    const entries = 2 ** depth;
    const palette = Uint8Array.from({ length: 3 * entries }, (_, i) => (i * 67) & 255);
    const picture = gray({ value: (x, y) => (x + 3 * y) % entries });
    const chunks = [pngChunk("PLTE", palette), pngChunk("tRNS", new Uint8Array(entries))];
    const image = await readPng(makePng({ ...picture, depth, colourType: 3, chunks }));
    assert.deepEqual(
      [...image.samples],
      expected(picture, (channel) => {
        const at = 3 * channel(0);
        return luma(palette[at]!, palette[at + 1]!, palette[at + 2]!);
      }),
    );
  });
}

Deno.test("readPng() keeps the value of the gray level that tRNS makes transparent", async () => {
  const picture = gray({ value: (x) => x * 20 });
  const image = await readPng(makePng({ ...picture, depth: 8, chunks: [pngChunk("tRNS", Uint8Array.of(0, 240))] }));
  assert.deepEqual([...image.samples], expected(picture, (channel) => channel(0)));
});

Deno.test("readPng() derives the depth of 16-bit files from the used range and sBIT", async () => {
  const picture = gray({ value: (x, y) => 300 * x + y });
  const sBIT = (bits: number) => [pngChunk("sBIT", Uint8Array.of(bits))];
  assert.equal((await readPng(makePng({ ...picture, depth: 16 }))).bitsUsed, 12);
  assert.equal((await readPng(makePng({ ...picture, depth: 16, chunks: sBIT(14) }))).bitsUsed, 14);
  const scaled = gray({ value: (x, y) => picture.sample(x, y, 0) << 4 });
  const image = await readPng(makePng({ ...scaled, depth: 16, chunks: sBIT(12) }));
  assert.equal(image.bitsUsed, 12);
  assert.deepEqual(
    [...image.samples],
    expected(picture, (channel) => channel(0)),
    "scaled up by the writer, and down again",
  );
});

Deno.test("readPng() decodes interlaced files to the same pixels at any size and depth", () =>
  fc.assert(fc.asyncProperty(
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 20 }),
    fc.constantFrom(1, 2, 4, 8, 16),
    async (width, height, depth) => {
      const picture = gray({ width, height, value: (x, y) => (x * 40503 + y * 977) & (2 ** depth - 1) });
      const plain = await readPng(makePng({ ...picture, depth }));
      assert.deepEqual(await readPng(makePng({ ...picture, depth, interlaced: true })), plain);
    },
  )));

for (const interlaced of [false, true]) {
  Deno.test(`${interlaced ? "an interlaced" : "a"} PNG whose data inflate to 400 MB more than its header says takes no memory`, async () => {
    const data = deflateSync(new Uint8Array(400 << 20), { level: 1 });
    const file = makePng({ ...gray({ width: 8, height: 8 }), depth: 8, interlaced, data });
    const before = Deno.memoryUsage().rss;
    const image = await new ImageDecoder().decode(file);
    assert.ok(image.samples.every((sample) => sample === 0));
    assert.ok(Deno.memoryUsage().rss - before < 64 << 20, "stopped after the last row");
  });
}

Deno.test("readPng() rejects damaged, missing and invalid data, naming the problem", async () => {
  const picture = gray();
  const refused = async (file: Uint8Array, says: RegExp) => {
    await assert.rejects(new ImageDecoder().decode(file), (error) => {
      assert.ok(error instanceof ImageError, String(error));
      assert.match(error.message, says);
      return true;
    });
  };
  const rows = deflateSync(new Uint8Array(14 * 11));
  await refused(makePng({ ...picture, depth: 8, data: rows.subarray(0, 8) }), /cut off or damaged/);
  await refused(makePng({ ...picture, depth: 8, data: deflateSync(new Uint8Array(50)) }), /cut off/);
  await refused(makePng({ ...picture, depth: 8, data: deflateSync(new Uint8Array(14 * 11).fill(9)) }), /filter 9/);
  await refused(makePng({ ...picture, depth: 8, colourType: 3 }), /no palette/);
  const odd = makePng({ ...picture, depth: 8 });
  odd[24] = 3;
  await refused(odd, /colour type 0 at 3 bits/);
});
