/**
 * Parses PNG chunks and verifies their checksums.
 *
 * @module
 */
import { ImageError } from "../image_error.ts";
import { crc32 } from "./crc32.ts";

/** Colour types (PNG specification, 11.2.1) and the bit depths that each allows. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Maximum number of IDAT chunks; files have one every few kilobytes. */
const MAX_DATA_CHUNKS = 2 ** 18;

/** The IHDR chunk. */
export interface PngHeader {
  width: number;
  height: number;
  depth: number;
  /** 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGB and alpha. */
  colourType: number;
  channels: number;
  interlaced: boolean;
}

/** The content of a PNG file, with the pixels still compressed. */
export interface PngContent extends PngHeader {
  /** RGB triples. */
  palette: Uint8Array | undefined;
  /** The sBIT chunk's depth of the first channel. */
  significantBits: number | undefined;
  /** The IDAT chunks in order. */
  data: Uint8Array[];
}

/**
 * The header of a PNG file.
 *
 * @throws {ImageError} for colour types, depths and methods not in the specification.
 * @throws {RangeError} if the file is too short.
 */
export function readPngHeader(view: DataView): PngHeader {
  if (view.getUint32(8) !== 13 || view.getUint32(12) !== 0x49484452) {
    throw new ImageError("the PNG file does not begin with a header chunk");
  }
  const depth = view.getUint8(24);
  const colourType = view.getUint8(25);
  const interlace = view.getUint8(28);
  if (!(DEPTHS[colourType] ?? []).includes(depth)) {
    throw new ImageError(`the PNG file has colour type ${colourType} at ${depth} bits, which does not exist`);
  }
  if (view.getUint8(26) !== 0 || view.getUint8(27) !== 0 || interlace > 1) {
    throw new ImageError("the PNG file uses an unknown compression, filter or interlace method");
  }
  return {
    width: view.getUint32(16),
    height: view.getUint32(20),
    depth,
    colourType,
    channels: CHANNELS[colourType]!,
    interlaced: interlace === 1,
  };
}

/**
 * Reads all chunks up to IEND and checks every checksum.
 *
 * @throws {ImageError} if the file is truncated or damaged.
 */
export function readPngChunks(bytes: Uint8Array): PngContent {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const content: PngContent = { ...readPngHeader(view), palette: undefined, significantBits: undefined, data: [] };
  for (let at = 8;;) {
    if (at + 12 > bytes.length) throw new ImageError("the PNG data is cut off");
    const length = view.getUint32(at);
    if (at + 12 + length > bytes.length) throw new ImageError("the PNG data is cut off");
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (view.getUint32(at + 8 + length) !== crc32(bytes.subarray(at + 4, at + 8 + length))) {
      throw new ImageError(`the PNG data is damaged (the checksum of its ${printable(type)} chunk does not match)`);
    }
    if (type === "IEND") break;
    if (type === "PLTE") content.palette = data;
    else if (type === "sBIT" && length > 0) content.significantBits = data[0]!;
    else if (type === "IDAT" && length > 0) content.data.push(data);
    if (content.data.length > MAX_DATA_CHUNKS) {
      throw new ImageError(`the PNG file has over ${MAX_DATA_CHUNKS} chunks of pixels, which is over the limit`);
    }
    at += 12 + length;
  }
  if (content.colourType === 3 && content.palette === undefined) {
    throw new ImageError("the PNG file has a palette's colour type but no palette");
  }
  return content;
}

function printable(type: string): string {
  return /^[A-Za-z]{4}$/.test(type) ? type : "unknown";
}
