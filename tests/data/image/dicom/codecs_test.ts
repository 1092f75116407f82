/** Round trips through encoders of JPEG-LS, JPEG 2000 and HTJ2K, and damage to what they wrote. */
import assert from "node:assert/strict";
// @ts-types="./encoders.d.ts"
import createCharls from "@cornerstonejs/codec-charls/wasmjs";
// @ts-types="./encoders.d.ts"
import createOpenjpeg from "@cornerstonejs/codec-openjpeg/wasmjs";
// @ts-types="./encoders.d.ts"
import createOpenjph from "@cornerstonejs/codec-openjph/wasmjs";
import { SeededRandom } from "../../../../base/random.ts";
import { ImageDecoder } from "../../../../data/image/decode_image.ts";
import { ImageError } from "../../../../data/image/image_error.ts";
import { makeDicom, SYNTAX, words } from "./dicom_writer.ts";
import type { CreateEncoder, WasmEncoder } from "./encoders.d.ts";

const decoder = new ImageDecoder();

async function encoderOf(create: CreateEncoder, name: string): Promise<WasmEncoder> {
  const module = await create({ print: () => {}, printErr: () => {} });
  return new module[name]!();
}

const ENCODERS = {
  jpegLs: await encoderOf(createCharls, "JpegLSEncoder"),
  jpeg2000: await encoderOf(createOpenjpeg, "J2KEncoder"),
  htj2k: await encoderOf(createOpenjph, "HTJ2KEncoder"),
} as const;
type Codec = keyof typeof ENCODERS;
const CODECS = Object.keys(ENCODERS) as Codec[];

interface Picture {
  width: number;
  height: number;
  bits: number;
  pixels: Uint16Array;
}

function picture(width: number, height: number, bits: number): Picture {
  const random = new SeededRandom("codecs", width, height, bits);
  const white = 2 ** bits - 1;
  const pixels = Uint16Array.from({ length: width * height }, (_, i) => {
    // A third is flat, which JPEG-LS codes as runs.
    if (i % width > width * 2 / 3) return i % 997 === 0 ? white : 5;
    const wave = 0.5 + 0.4 * Math.sin((i % width) / 5) * Math.cos(Math.floor(i / width) / 7);
    return Math.min(white, Math.floor(wave * white) + random.below(3));
  });
  return { width, height, bits, pixels };
}

function encode(codec: Codec, { width, height, bits, pixels }: Picture): Uint8Array {
  const encoder = ENCODERS[codec];
  const frame = {
    width,
    height,
    bitsPerSample: bits,
    componentCount: 1,
    isSigned: false,
    isUsingColorTransform: false,
  };
  encoder.getDecodedBuffer(frame).set(bits > 8 ? words(pixels) : Uint8Array.from(pixels));
  if (codec !== "jpegLs") {
    encoder.setQuality!(true, 0);
    encoder.setDecompositions!(Math.min(5, Math.floor(Math.log2(Math.min(width, height)))));
  }
  encoder.encode();
  return Uint8Array.from(encoder.getEncodedBuffer());
}

function dicomOf(codec: Codec, shown: Picture, frame = encode(codec, shown)): Uint8Array {
  const { width, height, bits } = shown;
  return makeDicom({ width, height, bits, syntax: SYNTAX[codec], fragments: [frame] });
}

for (const codec of CODECS) {
  Deno.test(`${codec} is lossless at every depth and odd size`, async () => {
    for (const [width, height] of [[1, 1], [1, 9], [17, 1], [33, 65], [130, 67]] as const) {
      for (const bits of [8, 10, 12, 14, 16]) {
        const shown = picture(width, height, bits);
        const { samples } = await decoder.decode(dicomOf(codec, shown));
        assert.deepEqual([...samples], [...shown.pixels], `${width} x ${height}, ${bits} bits`);
      }
    }
  });

  Deno.test(`${codec} data that is cut off is refused, and never shows the picture decoded before`, async () => {
    const shown = picture(64, 48, 12);
    const frame = encode(codec, shown);
    for (const share of [0.02, 0.1, 0.5, 0.9, 0.99]) {
      await decoder.decode(dicomOf(codec, shown));
      await assert.rejects(
        () => decoder.decode(dicomOf(codec, shown, frame.slice(0, Math.floor(frame.length * share)))),
        ImageError,
      );
    }
  });
}

Deno.test("near-lossless JPEG-LS stays within its tolerance", async () => {
  for (const near of [1, 3, 20]) {
    const shown = picture(61, 40, 12);
    ENCODERS.jpegLs.setNearLossless!(near);
    const frame = encode("jpegLs", shown);
    ENCODERS.jpegLs.setNearLossless!(0);
    const { samples } = await decoder.decode(dicomOf("jpegLs", shown, frame));
    const largest = Math.max(...shown.pixels.map((pixel, i) => Math.abs(pixel - samples[i]!)));
    assert.ok(largest > 0 && largest <= near, `${largest} with a tolerance of ${near}`);
  }
});

Deno.test("a JPEG 2000 codestream of many tiles is refused before it is decoded", async () => {
  const shown = picture(64, 64, 8);
  const frame = encode("jpeg2000", shown);
  const view = new DataView(frame.buffer);
  view.setUint32(24, 1);
  view.setUint32(28, 1);
  await assert.rejects(() => decoder.decode(dicomOf("jpeg2000", shown, frame)), /more than 1024 tiles/);
});
