import assert from "node:assert/strict";
import { ImageDecoder } from "../../../../data/image/decode_image.ts";
import { JPEG_MARKERS, nextSegment, readJpegHeader } from "../../../../data/image/jpeg/jpeg_header.ts";
import { concatBytes } from "../../../../base/bytes.ts";

const GOLDEN = new URL("../../golden/", import.meta.url);
const FILES = ["same_size_28.jpg", "colour_420_64.jpg", "progressive_224.jpg"];

/** A marker segment. */
function segment(marker: number, data: string | Uint8Array): Uint8Array {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return Uint8Array.of(0xff, marker, (bytes.length + 2) >> 8, (bytes.length + 2) & 255, ...bytes);
}

/** Inserts bytes before each segment with the given marker. */
function insertBefore(file: Uint8Array, marker: number, bytes: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer);
  for (let at = 2;;) {
    const found = nextSegment(view, at);
    if (found.marker === marker) return concatBytes([file.subarray(0, found.start), bytes, file.subarray(found.start)]);
    at = found.end;
  }
}

const ODD: [string, (file: Uint8Array) => Uint8Array][] = [
  ["stray bytes before the quantisation table", (file) => insertBefore(file, 0xdb, Uint8Array.of(0, 16))],
  ["stray bytes before the Huffman table", (file) => insertBefore(file, 0xc4, Uint8Array.of(1, 2, 3, 4, 5))],
  ["stray bytes before the first scan", (file) => insertBefore(file, JPEG_MARKERS.sos, new Uint8Array(40))],
  ["fill bytes before a marker", (file) => insertBefore(file, 0xdb, new Uint8Array(30).fill(0xff))],
  [
    "junk before the end mark",
    (file) => concatBytes([file.subarray(0, -2), Uint8Array.of(1, 2, 3), file.subarray(-2)]),
  ],
  ["junk after the end mark", (file) => concatBytes([file, new Uint8Array(1000).fill(7)])],
  ["an empty JFIF segment", (file) => insertBefore(file, 0xdb, segment(0xe0, ""))],
  ["an ICC segment that is cut off", (file) => insertBefore(file, 0xdb, segment(0xe2, "ICC_PROFILE\0\u0005\u0001xx"))],
  [
    "an Adobe segment of an unknown transform",
    (file) => insertBefore(file, 0xdb, segment(0xee, Uint8Array.of(65, 100, 111, 98, 101, 0, 100, 0, 0, 0, 0, 9))),
  ],
  ["an EXIF segment of noise", (file) => insertBefore(file, 0xdb, segment(0xe1, "Exif\0\0\u0001\u0002\u0003"))],
  ["a comment of 60,000 bytes", (file) => insertBefore(file, 0xdb, segment(0xfe, "x".repeat(60_000)))],
];

for (const name of FILES) {
  for (const [what, change] of ODD) {
    Deno.test(`a JPEG with ${what} decodes to the same pixels as one without: ${name}`, async () => {
      const file = await Deno.readFile(new URL(name, GOLDEN));
      const decoder = new ImageDecoder();
      const { samples } = await decoder.decode(file);
      const expected = Uint8Array.from(samples);
      assert.deepEqual(Uint8Array.from((await decoder.decode(change(file))).samples), expected);
    });
  }
}

Deno.test("EXIF orientation is not applied, as in Pillow", async () => {
  const file = await Deno.readFile(new URL("portrait_64.jpg", GOLDEN));
  const exif = Uint8Array.of(
    ...new TextEncoder().encode("Exif\0\0"),
    ...[0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0],
  );
  const { width, height } = await new ImageDecoder().decode(insertBefore(file, 0xdb, segment(0xe1, exif)));
  assert.deepEqual([width, height], [350, 421]);
});

for (
  const [marker, components, precision, says] of [
    [0xc0, 4, 8, /4 components; 1 or 3 are required/],
    [0xc0, 2, 8, /2 components/],
    [0xc1, 1, 12, /12 bits a sample/],
    [0xc3, 1, 8, /lossless/],
    [0xc9, 1, 8, /arithmetic-coded/],
    [0xc5, 1, 8, /hierarchical/],
  ] as const
) {
  Deno.test(`a JPEG of frame ${marker.toString(16)} with ${components} components of ${precision} bits is refused by name`, () => {
    const frame = segment(marker, Uint8Array.of(precision, 0, 8, 0, 8, components, 1, 0x11, 0));
    const file = concatBytes([Uint8Array.of(0xff, 0xd8), frame]);
    assert.throws(() => readJpegHeader(new DataView(file.buffer)), says);
  });
}
