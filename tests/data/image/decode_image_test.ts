import assert from "node:assert/strict";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { grayFromColour } from "../../../data/image/gray.ts";
import { ImageDecoder } from "../../../data/image/decode_image.ts";
import { equalize } from "../../../data/image/equalize.ts";
import { ImageError, readImageHeader } from "../../../data/image/image_header.ts";
import { checkImages, openDataset, pairStudies, summarizeIndex } from "../../../data/mod.ts";
import { succeeds } from "../../process.ts";
import { inTempDir, plainImages, SMALL_JPEG, writeMimic } from "../fixture.ts";

const GOLDEN = new URL("../golden/", import.meta.url);
const portrait = await Deno.readFile(new URL("portrait_64.jpg", GOLDEN));
const png = await Deno.readFile(new URL("portrait_64.png", GOLDEN));

/** The JPEG with another size in its frame header. */
function withSize(bytes: Uint8Array, width: number, height: number): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  let at = 2;
  while (copy[at + 1]! < 0xc0 || copy[at + 1]! > 0xc2) at += 2 + view.getUint16(at + 2);
  view.setUint16(at + 5, height);
  view.setUint16(at + 7, width);
  return copy;
}

async function refuses(bytes: Uint8Array, says: RegExp, name = "a.jpg"): Promise<void> {
  const decoder = new ImageDecoder();
  await assert.rejects(decoder.decode(bytes, name), (error) => {
    assert.ok(error instanceof ImageError, String(error));
    assert.match(error.message, says);
    return true;
  });
  const good = await decoder.decode(portrait, "b.jpg");
  assert.deepEqual([good.width, good.height], [350, 421], "the decoder goes on after a bad file");
}

Deno.test("an empty file is refused", () => refuses(new Uint8Array(), /the file is empty/));
Deno.test("a file that is no image is refused", () =>
  refuses(new TextEncoder().encode("<html>"), /no JPEG, PNG, BMP or TIFF/));
Deno.test("a JPEG that is cut off in the header is refused", () =>
  refuses(portrait.slice(0, 40), /the JPEG header is cut off/));
for (const share of [0.1, 0.5, 0.9, 0.999]) {
  Deno.test(`a JPEG that is cut off at ${share * 100} % is refused`, () =>
    refuses(portrait.slice(0, Math.floor(portrait.length * share)), /truncated or corrupt/));
}
Deno.test("a 65,000 x 65,000 JPEG header is refused before decoding", () =>
  refuses(withSize(portrait, 65000, 65000), /65000 x 65000 pixels, over the limit of 64000000/));
Deno.test("a JPEG of no pixels is refused", () => refuses(withSize(portrait, 0, 421), /0 x 421 pixels/));
Deno.test("a GIF is refused by name", () =>
  refuses(
    Uint8Array.from([...new TextEncoder().encode("GIF89a"), 5, 0, 7, 0, 0, 0, 0]),
    /GIF images are not read/,
    "a.gif",
  ));
Deno.test("a PNG that is named .jpg is refused", () => refuses(png, /named \.jpg but holds a PNG image/));
Deno.test("a JPEG that is named .png is refused", () =>
  refuses(portrait, /named \.png but holds a JPEG image/, "a.png"));
Deno.test("a PNG bomb's header is refused before decoding", () => {
  const bomb = png.slice();
  new DataView(bomb.buffer).setUint32(16, 100_000);
  new DataView(bomb.buffer).setUint32(20, 100_000);
  return refuses(bomb, /over the limit/, "a.png");
});
Deno.test("a PNG that is cut off is refused", () => refuses(png.slice(0, -20), /the PNG data is cut off/, "a.png"));
Deno.test("a PNG with a changed byte is refused", () => {
  const changed = png.slice();
  changed[1000]! ^= 4;
  return refuses(changed, /the PNG data is cut off or damaged/, "a.png");
});

Deno.test("a 12-bit JPEG is refused by name", () => {
  const header = Uint8Array.of(0xff, 0xd8, 0xff, 0xc1, 0, 11, 12, 0, 8, 0, 8, 1, 1, 0x11, 0);
  assert.throws(() => readImageHeader(header), /12 bits a sample; 8 are required/);
});

Deno.test("readImageHeader() reads the size of every format", () => {
  const bytes = (...parts: (number[] | string)[]) =>
    Uint8Array.from(parts.flatMap((part) => typeof part === "string" ? [...new TextEncoder().encode(part)] : part));
  assert.deepEqual(readImageHeader(portrait), { format: "jpeg", width: 350, height: 421 });
  assert.deepEqual(readImageHeader(png), { format: "png", width: 64, height: 64 });
  assert.deepEqual(readImageHeader(bytes("GIF89a", [5, 0, 7, 1])), { format: "gif", width: 5, height: 263 });
  const bmp = bytes("BM", new Array(16).fill(0), [9, 0, 0, 0], [0xf8, 0xff, 0xff, 0xff]);
  assert.deepEqual(readImageHeader(bmp), { format: "bmp", width: 9, height: 8 });
  const tiff = bytes("II", [42, 0, 8, 0, 0, 0, 2, 0], [0, 1, 3, 0, 1, 0, 0, 0, 33, 0, 0, 0], [
    1,
    1,
    4,
    0,
    1,
    0,
    0,
    0,
    44,
    0,
    0,
    0,
  ]);
  assert.deepEqual(readImageHeader(tiff), { format: "tiff", width: 33, height: 44 });
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

Deno.test("equalize() leaves a picture of one level, or of very few pixels, as it is", () => {
  assert.ok(equalize(new Uint8Array(1000).fill(7)).every((value) => value === 7));
  assert.deepEqual([...equalize(Uint8Array.of(1, 2, 3))], [1, 2, 3]);
});

Deno.test("checkImages() decodes every image and leaves out the bad ones, by name", () =>
  inTempDir(async (root) => {
    const images = plainImages();
    images[0] = { ...images[0]!, content: SMALL_JPEG.slice(0, 300) };
    images[7] = { ...images[7]!, content: png };
    images[9] = { ...images[9]!, content: withSize(SMALL_JPEG, 65000, 65000) };
    images[11] = { ...images[11]!, position: "", content: SMALL_JPEG.slice(0, 500) };
    writeMimic(root, { images });
    const index = await openDataset({ root });
    const done: number[] = [];
    await checkImages(index, { workers: 2, onProgress: (progress) => void done.push(progress.done) });
    assert.equal(done.length, 40);
    const { examples } = index.drops.entries()[0]!;
    assert.deepEqual(examples.map((example) => example.replace(/^.*\//, "")).sort(), [
      "d0.jpg: the JPEG data is truncated or corrupt",
      "d11.jpg: the JPEG data is truncated or corrupt",
      "d7.jpg: the file is named .jpg but holds a PNG image",
      "d9.jpg: the header says 65000 x 65000 pixels, over the limit of 64000000",
    ]);
    assert.deepEqual(summarizeIndex(index, pairStudies(index)).images, { listed: 40, usable: 36 });
    const strict = await openDataset({ root, strict: true });
    await assert.rejects(
      checkImages(strict, { workers: 1 }),
      /image cannot be decoded \(--strict makes every skip an error\)/,
    );
  }));

Deno.test("an image that takes too long is given up and the others are decoded", () =>
  inTempDir(async (root) => {
    writeMimic(root, { images: plainImages(3) });
    // A named pipe that nobody writes to stands for a file system that hangs; its worker is replaced.
    const pipe = join(root, "files/p10/p10000000/s50000000/d0.jpg");
    const index = await openDataset({ root });
    await Deno.remove(pipe);
    assert.ok(succeeds(["mkfifo", pipe]));
    await checkImages(index, { workers: 1, timeout: 1500 });
    assert.deepEqual(index.drops.entries().map(({ examples }) => examples), [[
      "files/p10/p10000000/s50000000/d0.jpg: decoding took longer than 1.5 s",
    ]]);
    // The read that hangs ends when the pipe has been opened from the other side.
    (await Deno.open(pipe, { write: true })).close();
  }));

Deno.test("a PNG whose data inflate to more than its header says is refused or cut, not followed", async () => {
  const chunk = (type: string, data: Uint8Array) => {
    const bytes = new Uint8Array(12 + data.length);
    new DataView(bytes.buffer).setUint32(0, data.length);
    bytes.set(new TextEncoder().encode(type), 4);
    bytes.set(data, 8);
    return bytes;
  };
  const header = Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 4, 8, 0, 0, 0, 0);
  const parts = [
    png.slice(0, 8),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(new Uint8Array(200 << 20))),
    chunk("IEND", new Uint8Array()),
  ];
  const file = new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const before = Deno.memoryUsage().rss;
  await new ImageDecoder().decode(file, "a.png").catch((error) => assert.ok(error instanceof ImageError));
  assert.ok(Deno.memoryUsage().rss - before < 300 << 20);
});

for (const ending of ["png", "bmp", "tiff"]) {
  Deno.test(`a ${ending.toUpperCase()} file gives the pixels that PIL wrote, and is refused when cut off`, async () => {
    const file = await Deno.readFile(new URL(`formats.${ending}`, GOLDEN));
    const expected = await Deno.readFile(new URL("formats.u8", GOLDEN));
    const decoder = new ImageDecoder();
    const image = await decoder.decode(file, `a.${ending}`);
    assert.deepEqual([image.width, image.height], [20, 24]);
    assert.deepEqual(image.pixels, expected);
    for (const share of [0.3, 0.6, 0.95]) {
      await assert.rejects(decoder.decode(file.slice(0, Math.floor(file.length * share)), `a.${ending}`), ImageError);
    }
  });
}
