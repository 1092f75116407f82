/**
 * Decodes a DICOM frame to its stored values.
 *
 * @module
 */
// @ts-types="../codecs/openjpeg.d.ts"
import createOpenjpeg from "@cornerstonejs/codec-openjpeg/decodewasmjs";
import { WasmCodec } from "../codecs/wasm_codec.ts";
import { ImageError } from "../image_error.ts";
import { decodeSequentialScan } from "../jpeg/deep_jpeg.ts";
import { readHuffmanScan } from "../jpeg/huffman_scan.ts";
import type { JpegDecoder } from "../jpeg/jpeg_decoder.ts";
import { decodeJpegLs } from "../jpeg/jpeg_ls.ts";
import { decodeLosslessScan } from "../jpeg/lossless_jpeg.ts";
import { type CodestreamHeader, readJpeg2000Header, readJpegFrame } from "./codestream.ts";
import type { PixelLayout } from "./pixel_layout.ts";
import { decodeRunLengths } from "./run_lengths.ts";
import type { PixelCodec } from "./transfer_syntax.ts";

/** Upper bound on the memory for decoding, in bytes per pixel, including stored values and the result. */
export const BYTES_PER_PIXEL: Readonly<Record<PixelCodec, number>> = {
  native: 8,
  rle: 8,
  jpeg: 10,
  "jpeg-lossless": 8,
  "jpeg-ls": 10,
  "jpeg-2000": 32,
};

/** Names of frames that are not read, by marker. */
const REFUSED_FRAMES: Readonly<Record<number, string>> = {
  0xc2: "progressive with 12 bits",
  0xc5: "hierarchical",
  0xc6: "hierarchical",
  0xc7: "hierarchical",
  0xc9: "arithmetic-coded",
  0xca: "arithmetic-coded",
  0xcb: "arithmetic-coded",
  0xcd: "hierarchical",
  0xce: "hierarchical",
  0xcf: "hierarchical",
};

/** Decodes frames. Holds codecs, loaded when first needed; not safe for concurrent calls. */
export class FrameDecoder {
  readonly #jpeg: JpegDecoder;
  readonly #openjpeg = new WasmCodec(createOpenjpeg, (module) => new module.J2KDecoder());

  constructor(jpeg: JpegDecoder) {
    this.#jpeg = jpeg;
  }

  /**
   * The stored values of a frame: `width * height` numbers, with their sign, in `bitsStored` bits.
   *
   * @throws {ImageError} for damaged data and data that contradicts the DICOM attributes.
   */
  async decode(frame: Uint8Array, layout: PixelLayout): Promise<Int32Array> {
    const { codec, width, height, bitsAllocated } = layout;
    const count = width * height;
    const bytesPerPixel = bitsAllocated === 8 ? 1 : 2;
    if (codec === "native") return extractBits(nativeValues(frame, layout), layout);
    if (codec === "rle") return extractBits(decodeRunLengths(frame, { count, bytesPerPixel }), layout);
    if (codec === "jpeg" || codec === "jpeg-lossless") return await this.#decodeJpeg(frame, layout);
    if (codec === "jpeg-ls") return decodeLs(frame, layout);
    return await this.#decodeJpeg2000(frame, layout);
  }

  async #decodeJpeg2000(frame: Uint8Array, layout: PixelLayout): Promise<Int32Array> {
    const { width, height } = layout;
    const header = readJpeg2000Header(frame);
    checkHeader(header, layout);
    const decoded = await this.#openjpeg.decode(frame);
    const count = width * height;
    const bytes = header.precision > 8 ? 2 : 1;
    if (
      decoded === undefined || decoded.info.width !== width || decoded.info.height !== height ||
      decoded.samples.length < count * bytes
    ) throw new ImageError("the JPEG 2000 data is truncated or corrupt");
    const { samples } = decoded;
    const values = bytes === 1
      ? samples.subarray(0, count)
      : new Uint16Array(samples.slice(0, 2 * count).buffer as ArrayBuffer, 0, count);
    return withSign(values, layout);
  }

  async #decodeJpeg(frame: Uint8Array, layout: PixelLayout): Promise<Int32Array> {
    const header = readJpegFrame(frame);
    checkHeader(header, layout);
    const refused = REFUSED_FRAMES[header.frame];
    const isBaseline = header.precision === 8 && header.frame <= 0xc2;
    if (isBaseline) {
      const { width, height, samples } = await this.#jpeg.decode(frame);
      if (width !== layout.width || height !== layout.height) throw new ImageError("the JPEG data changes its size");
      return withSign(samples, layout);
    }
    if (refused !== undefined) {
      throw new ImageError(`the DICOM pixels are JPEG data that is ${refused}, which is not read`);
    }
    const scan = readHuffmanScan(frame);
    if (scan.width !== layout.width || scan.height !== layout.height || scan.frame !== header.frame) {
      throw new ImageError("the JPEG data has several frame headers");
    }
    const isLossless = scan.frame === 0xc3;
    const values = isLossless ? decodeLosslessScan(scan) : decodeSequentialScan(scan);
    return isLossless && scan.precision > layout.bitsStored ? extractBits(values, layout) : withSign(values, layout);
  }
}

function decodeLs(frame: Uint8Array, layout: PixelLayout): Int32Array {
  const header = readJpegFrame(frame);
  checkHeader(header, layout);
  if (header.frame !== 0xf7) throw new ImageError("the compressed DICOM pixels are not JPEG-LS data");
  return withSign(decodeJpegLs(frame, layout), layout);
}

function checkHeader({ width, height, components, precision }: CodestreamHeader, layout: PixelLayout): void {
  if (width !== layout.width || height !== layout.height) {
    throw new ImageError(
      `the compressed pixels are ${width} x ${height}, but the DICOM file says ${layout.width} x ${layout.height}`,
    );
  }
  if (components !== 1) throw new ImageError(`the compressed pixels have ${components} components; 1 is required`);
  if (precision > layout.bitsAllocated) {
    throw new ImageError(
      `the compressed pixels have ${precision} bits, but the DICOM file says ${layout.bitsAllocated}`,
    );
  }
}

/** The pixels of uncompressed data, as unsigned numbers of `bitsAllocated` bits. */
function nativeValues(
  frame: Uint8Array,
  { width, height, bitsAllocated, littleEndian }: PixelLayout,
): ArrayLike<number> {
  const count = width * height;
  if (frame.length < count * bitsAllocated / 8) throw new ImageError("the DICOM pixels are cut off");
  if (bitsAllocated === 8) return frame.subarray(0, count);
  const values = new Uint16Array(count);
  const [high, low] = littleEndian ? [1, 0] : [0, 1];
  for (let i = 0, at = 0; i < count; i++, at += 2) values[i] = (frame[at + high]! << 8) | frame[at + low]!;
  return values;
}

/** Cuts the stored bits out of allocated ones; others may hold overlays. */
function extractBits(values: ArrayLike<number>, layout: PixelLayout): Int32Array {
  const { bitsStored, highBit } = layout;
  const shift = highBit + 1 - bitsStored;
  const mask = 2 ** bitsStored - 1;
  return withSign(Int32Array.from(values, (value) => (value >> shift) & mask), layout);
}

/** Extends the sign of numbers in `bitsStored` bits. Larger unsigned ones, a result of lossy coding, become white. */
function withSign(values: ArrayLike<number>, { signed, bitsStored }: PixelLayout): Int32Array {
  const out = new Int32Array(values.length);
  const mask = 2 ** bitsStored - 1;
  const sign = signed ? 2 ** (bitsStored - 1) : 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = signed ? ((values[i]! & mask) ^ sign) - sign : Math.min(mask, values[i]!);
  }
  return out;
}
