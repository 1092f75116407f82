import assert from "node:assert/strict";
import { grayFromColour } from "../../../data/image/samples/gray.ts";
import { ImageDecoder } from "../../../data/image/decode_image.ts";
import { equalize } from "../../../data/image/scale/equalize.ts";
import { ImageError } from "../../../data/image/image_error.ts";
import { readImageHeader } from "../../../data/image/image_header.ts";
import { checkImages, openDataset, pairStudies, summarizeIndex } from "../../../data/mod.ts";
import { gray, makeBmp, makePng, makeTiff } from "./image_writers.ts";
import { inTempDir, plainImages, SMALL_JPEG, writeMimic } from "../fixture.ts";

const GOLDEN = new URL("../golden/", import.meta.url);
const portrait = await Deno.readFile(new URL("portrait_64.jpg", GOLDEN));
const png = await Deno.readFile(new URL("portrait_64.png", GOLDEN));

const flatPng = makePng({ ...gray({ width: 9, height: 9, value: () => 7 }), depth: 8 });

/** Changes the size in a JPEG's frame header. */
function withSize(bytes: Uint8Array, width: number, height: number): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  let at = 2;
  while (copy[at + 1]! < 0xc0 || copy[at + 1]! > 0xc2) at += 2 + view.getUint16(at + 2);
  view.setUint16(at + 5, height);
  view.setUint16(at + 7, width);
  return copy;
}

async function refuses(bytes: Uint8Array, says: RegExp): Promise<void> {
  const decoder = new ImageDecoder();
  await assert.rejects(decoder.decode(bytes), (error) => {
    assert.ok(error instanceof ImageError, String(error));
    assert.match(error.message, says);
    return true;
  });
  const good = await decoder.decode(portrait);
  assert.deepEqual([good.width, good.height], [350, 421], "the decoder goes on after a bad file");
}

Deno.test("an empty file is refused", () => refuses(new Uint8Array(), /the file is empty/));
Deno.test("a file that is not an image is refused", () =>
  refuses(new TextEncoder().encode("<html>"), /not a JPEG, PNG, BMP, TIFF or DICOM/));
Deno.test("a JPEG truncated in the header is refused", () =>
  refuses(portrait.slice(0, 40), /the JPEG header is cut off/));
for (const share of [0.1, 0.5, 0.9, 0.999]) {
  Deno.test(`a JPEG truncated at ${share * 100} % is refused`, () =>
    refuses(portrait.slice(0, Math.floor(portrait.length * share)), /truncated or corrupt/));
}
Deno.test("a 65,000 x 65,000 JPEG header is refused before decoding", () =>
  refuses(withSize(portrait, 65000, 65000), /65000 x 65000 pixels, over the limit of 64000000/));
Deno.test("a JPEG without pixels is refused", () => refuses(withSize(portrait, 0, 421), /0 x 421 pixels/));
Deno.test("a GIF is refused by name", () =>
  refuses(
    Uint8Array.from([...new TextEncoder().encode("GIF89a"), 5, 0, 7, 0, 0, 0, 0]),
    /GIF images are not read/,
  ));
Deno.test("a PNG bomb's header is refused before decoding", () => {
  const bomb = png.slice();
  new DataView(bomb.buffer).setUint32(16, 100_000);
  new DataView(bomb.buffer).setUint32(20, 100_000);
  return refuses(bomb, /over the limit/);
});
Deno.test("a truncated PNG is refused", () => refuses(png.slice(0, -20), /the PNG data is cut off/));
Deno.test("a PNG with a corrupted byte is refused", () => {
  const changed = png.slice();
  changed[1000]! ^= 4;
  return refuses(changed, /the PNG data is damaged \(the checksum of its IDAT chunk does not match\)/);
});

Deno.test("a 12-bit JPEG is refused by name", () => {
  const header = Uint8Array.of(0xff, 0xd8, 0xff, 0xc1, 0, 11, 12, 0, 8, 0, 8, 1, 1, 0x11, 0);
  assert.throws(() => readImageHeader(header), /12 bits a sample; 8 are required/);
});

Deno.test("readImageHeader() reads the size of every format", () => {
  const extent = (bytes: Uint8Array) => {
    const { format, width, height } = readImageHeader(bytes);
    return [format, width, height];
  };
  const pixels = gray({ width: 33, height: 44 });
  assert.deepEqual(extent(portrait), ["jpeg", 350, 421]);
  assert.deepEqual(extent(png), ["png", 64, 64]);
  assert.deepEqual(extent(makeBmp({ ...pixels, bits: 8, topDown: true })), ["bmp", 33, 44]);
  assert.deepEqual(extent(makeTiff(pixels)), ["tiff", 33, 44]);
  assert.deepEqual(extent(makeTiff({ ...pixels, big: true, bigEndian: true })), ["tiff", 33, 44]);
});

Deno.test("grayFromColour() gives PIL's luma", () => {
  assert.deepEqual([...grayFromColour([255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30], { count: 4, channels: 3 })], [
    76,
    150,
    29,
    18,
  ]);
  assert.deepEqual([...grayFromColour([255, 255, 255, 0], { count: 1, channels: 4 })], [255]);
});

Deno.test("equalize() does not change an image with one level or very few pixels", () => {
  assert.ok(equalize(new Uint8Array(1000).fill(7), 8).every((value) => value === 7));
  assert.deepEqual([...equalize(Uint8Array.of(1, 2, 3), 8)], [1, 2, 3]);
});

Deno.test("checkImages() decodes every image and excludes and names the bad ones", () =>
  inTempDir(async (root) => {
    const images = plainImages();
    images[0] = { ...images[0]!, content: SMALL_JPEG.slice(0, 300) };
    images[7] = { ...images[7]!, content: png };
    images[8] = { ...images[8]!, content: flatPng };
    images[9] = { ...images[9]!, content: withSize(SMALL_JPEG, 65000, 65000) };
    images[11] = { ...images[11]!, position: "", content: SMALL_JPEG.slice(0, 500) };
    writeMimic(root, { images });
    const index = await openDataset({ root });
    const done: number[] = [];
    await checkImages(index, { workers: 2, onProgress: (progress) => void done.push(progress.done) });
    assert.equal(done.length, 40);
    const named = index.drops.entries().map(({ reason, examples }) => ({
      reason,
      examples: examples.map((example) => example.replace(/^.*\//, "")).sort(),
    }));
    assert.deepEqual(named, [
      {
        reason: "image cannot be decoded",
        examples: [
          "d0.jpg: the JPEG data is truncated or corrupt",
          "d11.jpg: the JPEG data is truncated or corrupt",
          "d9.jpg: the header says 65000 x 65000 pixels, over the limit of 64000000",
        ],
      },
      { reason: "file name claims another format; read by its content (kept)", examples: ["d7.jpg", "d8.jpg"] },
      { reason: "picture of a single gray value (kept)", examples: ["d8.jpg"] },
    ]);
    assert.deepEqual(summarizeIndex(index, pairStudies(index)).images, { listed: 40, usable: 37 });
    const strict = await openDataset({ root, strict: true });
    await assert.rejects(
      checkImages(strict, { workers: 1 }),
      /image cannot be decoded \(--strict makes every skip an error\)/,
    );
  }));

for (const ending of ["png", "bmp", "tiff"]) {
  Deno.test(`a ${ending.toUpperCase()} file decodes to PIL's pixels, and is refused if truncated`, async () => {
    const file = await Deno.readFile(new URL(`formats.${ending}`, GOLDEN));
    const expected = await Deno.readFile(new URL("formats.u8", GOLDEN));
    const decoder = new ImageDecoder();
    const image = await decoder.decode(file);
    assert.deepEqual([image.width, image.height], [20, 24]);
    assert.deepEqual(image.samples, expected);
    for (const share of [0.3, 0.6, 0.95]) {
      await assert.rejects(decoder.decode(file.slice(0, Math.floor(file.length * share))), ImageError);
    }
  });
}
