import assert from "node:assert/strict";
import fc from "fast-check";
import { ImageDecoder, ImageMemoryError } from "../../../../data/image/decode_image.ts";
import { ImageError } from "../../../../data/image/image_error.ts";
import { imageFormat } from "../../../../data/image/image_header.ts";
import { parseWindow, type VoiWindow } from "../../../../data/image/dicom/voi_window.ts";
import { encodeGrayJpeg } from "../../../../phantoms/jpeg.ts";
import { type DicomAttribute, type DicomFixture, encapsulated, makeDicom, SYNTAX, words } from "./dicom_writer.ts";

const decoder = new ImageDecoder();
const decode = (fixture: DicomFixture, window: VoiWindow = { kind: "full" }) =>
  new ImageDecoder({ window }).decode(makeDicom(fixture));
const refuses = async (bytes: Uint8Array, message: RegExp) => {
  await assert.rejects(() => decoder.decode(bytes), (error) => {
    assert.ok(error instanceof ImageError, String(error));
    assert.match(error.message, message);
    return true;
  });
};

const PIXELS = Uint8Array.of(0, 10, 20, 200, 250, 255);
const SMALL: DicomFixture = { width: 3, height: 2, pixels: PIXELS };
const DEEP: DicomFixture = { width: 3, height: 2, bits: 12, pixels: words([0, 100, 500, 2000, 4000, 4095]) };
const withAttributes = (fixture: DicomFixture, ...attributes: DicomAttribute[]) => ({ ...fixture, attributes });
const without = (fixture: DicomFixture, tag: number) => withAttributes(fixture, [tag, "US", ""]);

Deno.test("uncompressed pixels are read in every byte order, with and without value representations", async () => {
  for (const syntax of [SYNTAX.implicit, SYNTAX.explicit, SYNTAX.deflated, SYNTAX.big]) {
    const { samples, bitsUsed } = await decode({ ...SMALL, syntax });
    assert.deepEqual({ samples: [...samples], bitsUsed }, { samples: [...PIXELS], bitsUsed: 8 });
    const values = [0, 100, 500, 2000, 4000, 4095];
    const deep = await decode({ ...DEEP, syntax, pixels: words(values, syntax !== SYNTAX.big) });
    assert.deepEqual({ samples: [...deep.samples], bits: deep.bitsUsed }, { samples: values, bits: 12 });
  }
});

Deno.test("MONOCHROME1 is turned, so that the largest value becomes black", async () => {
  const turned = await decode(withAttributes(SMALL, [0x00280004, "CS", "MONOCHROME1"]));
  assert.deepEqual([...turned.samples], [255, 245, 235, 55, 5, 0]);
  const deep = await decode(withAttributes(DEEP, [0x00280004, "CS", "MONOCHROME1"]));
  assert.deepEqual([...deep.samples], [4095, 3995, 3595, 2095, 95, 0]);
});

Deno.test("a negative rescale slope turns the picture, a positive one does not change it", async () => {
  const slope = (value: string): DicomAttribute => [0x00281053, "DS", value];
  assert.deepEqual([...(await decode(withAttributes(SMALL, slope("0.25")))).samples], [...PIXELS]);
  assert.deepEqual([...(await decode(withAttributes(SMALL, slope("-2")))).samples], [255, 245, 235, 55, 5, 0]);
  const both = withAttributes(SMALL, slope("-2"), [0x00280004, "CS", "MONOCHROME1"]);
  assert.deepEqual([...(await decode(both)).samples], [...PIXELS]);
  await refuses(makeDicom(withAttributes(SMALL, slope("0"))), /rescale slope is 0/);
  await refuses(makeDicom(withAttributes(SMALL, slope("1e999"))), /rescale slope is not a number/);
});

Deno.test("signed values begin at zero, and unused high bits are ignored", async () => {
  const signed: DicomFixture = { width: 3, height: 1, bits: 12, signed: true, pixels: words([-2048, 0, 2047]) };
  assert.deepEqual([...(await decode(signed)).samples], [0, 2048, 4095]);
  const overlay: DicomFixture = { ...DEEP, pixels: words([0x1000, 0x2064, 0x81f4, 0xf7d0, 0x0fa0, 0xffff]) };
  assert.deepEqual([...(await decode(overlay)).samples], [0, 100, 500, 2000, 4000, 4095]);
  const high = withAttributes({ ...DEEP, pixels: words([0, 100, 500, 2000, 4000, 4095].map((value) => value << 4)) }, [
    0x00280102,
    "US",
    [15],
  ]);
  assert.deepEqual([...(await decode(high)).samples], [0, 100, 500, 2000, 4000, 4095]);
});

Deno.test("pixels of the padding value or range become black and do not set the range", async () => {
  const padded = withAttributes(SMALL, [0x00280120, "US", [255]], [0x00280004, "CS", "MONOCHROME1"]);
  assert.deepEqual([...(await decode(padded)).samples], [255, 245, 235, 55, 5, 0]);
  const range = withAttributes(SMALL, [0x00280120, "US", [200]], [0x00280121, "US", [255]]);
  assert.deepEqual([...(await decode(range)).samples], [0, 10, 20, 0, 0, 0]);
  const signed: DicomFixture = { width: 3, height: 1, bits: 16, signed: true, pixels: words([-32768, 10, 1000]) };
  const outside = withAttributes(signed, [0x00280120, "SS", [-32768]]);
  assert.deepEqual(await decode(outside).then(({ samples, bitsUsed }) => [...samples, bitsUsed]), [0, 10, 1000, 10]);
});

Deno.test("--window chooses the file's own windows by number, one for all files, or none", async () => {
  const windows = withAttributes(DEEP, [0x00281050, "DS", "500\\2000"], [0x00281051, "DS", "1001\\4001"]);
  const first = await decode(windows, { kind: "file", number: 1 });
  assert.deepEqual([...first.samples], [2, 412, 2050, 4095, 4095, 4095]);
  const second = await decode(windows, { kind: "file", number: 2 });
  assert.deepEqual([...second.samples], [1, 103, 512, 2048, 4095, 4095]);
  assert.deepEqual((await decode(windows, { kind: "file", number: 9 })).samples, second.samples);
  assert.deepEqual((await decode(windows, parseWindow("500,1001"))).samples, first.samples);
  assert.deepEqual([...(await decode(windows)).samples], [0, 100, 500, 2000, 4000, 4095]);
  const plain = await decode(DEEP, { kind: "file", number: 1 });
  assert.deepEqual([...plain.samples], [0, 100, 500, 2000, 4000, 4095]);
});

Deno.test("a lookup table comes before the windows, in a sequence of either form", async () => {
  for (const delimited of [false, true]) {
    const items = [[[0x00283002, "US", [3, 100, 8]], [0x00283006, "OW", words([7, 80, 250])]]] as const;
    const table = withAttributes(DEEP, [0x00283010, "SQ", { items, delimited }], [0x00281050, "DS", "5"], [
      0x00281051,
      "DS",
      "9",
    ]);
    const { samples, bitsUsed } = await decode(table, { kind: "file", number: 1 });
    assert.deepEqual({ samples: [...samples], bitsUsed }, { samples: [7, 7, 250, 250, 250, 250], bitsUsed: 8 });
  }
  const short = [[[0x00283002, "US", [300, 0, 8]], [0x00283006, "OW", words([7, 80])]]] as const;
  const cut = makeDicom(withAttributes(DEEP, [0x00283010, "SQ", { items: short }]));
  await assert.rejects(() => new ImageDecoder({ window: { kind: "file", number: 1 } }).decode(cut), /table .* cut off/);
});

Deno.test("a modality table applies without a window too", async () => {
  const items = [[[0x00283002, "US", [2, 0, 8]], [0x00283006, "OW", words([9, 77])]]] as const;
  const { samples } = await decode(withAttributes(SMALL, [0x00283000, "SQ", { items }]));
  assert.deepEqual([...samples], [9, 77, 77, 77, 77, 77]);
});

Deno.test("parseWindow() accepts the documented forms only", () => {
  assert.deepEqual(parseWindow("full"), { kind: "full" });
  assert.deepEqual(parseWindow("file"), { kind: "file", number: 1 });
  assert.deepEqual(parseWindow("file:3"), { kind: "file", number: 3 });
  assert.deepEqual(parseWindow("-5.5,100"), { kind: "fixed", center: -5.5, width: 100 });
  for (const bad of ["", "file:0", "file:", "100", "100,0", "1,2,3", "1e3,5", "Full", " full"]) {
    assert.equal(parseWindow(bad), undefined, bad);
  }
});

Deno.test("private sequences of either form, nested or unknown, are skipped", async () => {
  const inner: DicomAttribute = [0x00091010, "SQ", { items: [[[0x00280010, "US", [9]]], []], delimited: true }];
  const outer: DicomAttribute = [0x00091001, "SQ", { items: [[inner, inner]], delimited: true }];
  const known: DicomAttribute = [0x00091002, "SQ", { items: [[inner]] }];
  for (const syntax of [SYNTAX.implicit, SYNTAX.explicit, SYNTAX.big]) {
    const { samples } = await decode({ ...SMALL, syntax, attributes: [outer, known] });
    assert.deepEqual([...samples], [...PIXELS]);
  }
});

Deno.test("a file whose preamble is a TIFF header is DICOM, and the name of a DICOM file ends in .dcm", () => {
  const bytes = makeDicom(SMALL);
  bytes.set([0x49, 0x49, 0x2a, 0]);
  assert.equal(imageFormat(bytes), "dicom");
});

Deno.test("a frame of several fragments is joined", async () => {
  const jpeg = encodeGrayJpeg(Uint8Array.from({ length: 256 }, (_, i) => i), { width: 16, height: 16, quality: 95 });
  const [whole, parts] = await Promise.all(
    [[jpeg], [jpeg.slice(0, 100), jpeg.slice(100)]].map((fragments) =>
      decode({ width: 16, height: 16, syntax: SYNTAX.baseline, fragments })
    ),
  );
  assert.deepEqual([...parts!.samples], [...whole!.samples]);
});

const REFUSED: readonly (readonly [name: string, bytes: () => Uint8Array, message: RegExp])[] = [
  ["several frames", () => makeDicom(withAttributes(SMALL, [0x00280008, "IS", "12"])), /has 12 frames; a single one/],
  [
    "colour",
    () => makeDicom(withAttributes(SMALL, [0x00280002, "US", [3]], [0x00280004, "CS", "RGB"])),
    /is in colour \(RGB\); MONOCHROME1 or MONOCHROME2 is required/,
  ],
  [
    "a palette",
    () => makeDicom(withAttributes(SMALL, [0x00280004, "CS", "PALETTE COLOR"])),
    /in colour \(PALETTE COLOR\)/,
  ],
  ["no pixels", () => makeDicom({ width: 3, height: 2 }), /has no pixels/],
  ["no rows", () => makeDicom(without(SMALL, 0x00280010)), /does not say its number of rows/],
  ["32 bits", () => makeDicom(withAttributes(SMALL, [0x00280100, "US", [32]])), /has 32 bits a pixel; 8 or 16/],
  ["contradictory bits", () => makeDicom(withAttributes(SMALL, [0x00280101, "US", [9]])), /9 of 8 bits up to bit 7/],
  ["cut off pixels", () => makeDicom({ ...SMALL, pixels: PIXELS.slice(0, 4) }), /the DICOM pixels are cut off/],
  ["no size", () => makeDicom({ ...SMALL, width: 0 }), /0 x 2 pixels/],
  ["video", () => makeDicom({ ...SMALL, syntax: "1.2.840.10008.1.2.4.102" }), /4\.102 \(video\) is not read/],
  ["an unknown syntax", () => makeDicom({ ...SMALL, syntax: "1.2.3" }), /syntax 1\.2\.3 is not read/],
  ["text for a syntax", () => makeDicom({ ...SMALL, syntax: "Doe^John" }), /syntax no UID is not read/],
  [
    "compressed pixels without fragments",
    () => makeDicom({ ...SMALL, syntax: SYNTAX.jpegLs }),
    /not in fragments, which compressed ones always are/,
  ],
  [
    "uncompressed pixels in fragments",
    () => makeDicom({ width: 3, height: 2, fragments: [PIXELS] }),
    /in fragments, which uncompressed ones never are/,
  ],
  [
    "a frame of another size",
    () => {
      const jpeg = encodeGrayJpeg(new Uint8Array(64), { width: 8, height: 8, quality: 95 });
      return makeDicom({ ...SMALL, syntax: SYNTAX.baseline, fragments: [jpeg] });
    },
    /compressed pixels are 8 x 8, but the DICOM file says 3 x 2/,
  ],
  [
    "run lengths with two segments for bytes",
    () => makeDicom({ ...SMALL, syntax: SYNTAX.rle, fragments: [Uint8Array.of(2, ...new Array<number>(65).fill(0))] }),
    /run lengths have 2 segments; 1 are required/,
  ],
  [
    "deep nesting",
    () => {
      const open = Uint8Array.of(
        9,
        0,
        1,
        16,
        0x53,
        0x51,
        0,
        0,
        255,
        255,
        255,
        255,
        0xfe,
        255,
        0,
        0xe0,
        255,
        255,
        255,
        255,
      );
      const nested = new Uint8Array(open.length * 100);
      for (let i = 0; i < 100; i++) nested.set(open, i * open.length);
      const bytes = makeDicom({ width: 3, height: 2 });
      return Uint8Array.of(...bytes, ...nested);
    },
    /nests more than 64 sequences/,
  ],
];

for (const [name, bytes, message] of REFUSED) {
  Deno.test(`a DICOM file with ${name} is refused by name`, () => refuses(bytes(), message));
}

Deno.test("a file cut off anywhere is refused", async () => {
  const whole = makeDicom({ ...SMALL, attributes: [[0x00091001, "SQ", { items: [[]], delimited: true }]] });
  for (let length = 0; length < whole.length; length++) await refuses(whole.slice(0, length), /./);
});

Deno.test("sizes beyond the limits are refused before anything is allocated", async () => {
  const large = makeDicom({ width: 60000, height: 60000, syntax: SYNTAX.jpeg2000, fragments: [PIXELS] });
  await refuses(large, /60000 x 60000 pixels, over the limit of 64000000/);
  const fits = makeDicom({ width: 6000, height: 6000, syntax: SYNTAX.jpeg2000, fragments: [PIXELS] });
  await assert.rejects(() => new ImageDecoder({ maxBytes: 2 ** 28 }).decode(fits), ImageMemoryError);
  const claims = { syntax: SYNTAX.jpegLs, width: 10, height: 10 };
  // A JPEG-LS header of 65,535 x 65,535 pixels in a file that claims 10 x 10.
  const header = Uint8Array.of(0xff, 0xd8, 0xff, 0xf7, 0, 11, 8, 255, 255, 255, 255, 1, 1, 0x11, 0, 0xff, 0xd9, 0);
  await refuses(makeDicom({ ...claims, fragments: [header] }), /65535 x 65535, but the DICOM file says 10 x 10/);
});

Deno.test("a deflated bomb is refused", async () => {
  const bomb = makeDicom({ ...SMALL, syntax: SYNTAX.deflated, pixels: new Uint8Array(50_000_000) });
  assert.ok(bomb.length < 100_000);
  await refuses(bomb, /another length than their size and depth say/);
});

Deno.test("an element's length cannot reach beyond the file, nor an offset behind its element", async () => {
  const bytes = makeDicom(SMALL);
  for (let at = 132; at < bytes.length - 4; at++) {
    const changed = bytes.slice();
    changed.set([0xff, 0xff, 0xff, 0xff], at);
    await decoder.decode(changed).catch((error) => assert.ok(error instanceof ImageError, String(error)));
  }
});

Deno.test("no message contains what the file says of the patient", async () => {
  const secret = "Secret^Person";
  const named: DicomAttribute = [0x00100010, "PN", secret];
  const messages: string[] = [];
  await fc.assert(
    fc.asyncProperty(fc.nat(400), fc.uint8Array({ minLength: 1, maxLength: 6 }), async (at, noise) => {
      const bytes = makeDicom({ ...SMALL, attributes: [named] });
      bytes.set(noise.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length - noise.length));
      await decoder.decode(bytes).catch((error) => messages.push(String(error)));
    }),
    { numRuns: 300, seed: 4 },
  );
  assert.ok(messages.length > 20);
  for (const message of messages) assert.doesNotMatch(message, /Secret|Person/);
});

Deno.test("encapsulated() writes what the decoder reads after an offset table with entries", async () => {
  const jpeg = encodeGrayJpeg(new Uint8Array(64).fill(90), { width: 8, height: 8, quality: 95 });
  const bytes = makeDicom({ width: 8, height: 8, syntax: SYNTAX.baseline, fragments: [jpeg] });
  const plain = encapsulated([jpeg]);
  const start = bytes.length - plain.length;
  const table = Uint8Array.of(...plain.subarray(0, 16), 4, 0, 0, 0, 0, 0, 0, 0, ...plain.subarray(20));
  const { samples } = await decoder.decode(Uint8Array.of(...bytes.subarray(0, start), ...table));
  assert.ok(samples.every((sample: number) => Math.abs(sample - 90) <= 1));
});
