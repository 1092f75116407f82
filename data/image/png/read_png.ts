/**
 * Decodes PNG files.
 *
 * @module
 */
import { type DecodedImage, deepImage } from "../decoded_image.ts";
import { luma } from "../samples/gray.ts";
import { byteScale, unpackSamples } from "../samples/unpack.ts";
import { type PngContent, readPngChunks } from "./png_chunks.ts";
import { readPngRows } from "./png_rows.ts";

/**
 * Decodes a PNG file of any colour type, depth and interlacing to gray, as Pillow does: transparency (alpha, tRNS) and
 * colour management (gAMA, iCCP) are ignored. 16-bit files keep their depth; sBIT gives the number of significant bits.
 *
 * @throws {ImageError} if the file is truncated or damaged.
 */
export function readPng(bytes: Uint8Array): DecodedImage {
  const content = readPngChunks(bytes);
  const { width, height, depth } = content;
  const samples = depth === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height);
  const toGray = rowConverter(content);
  let unpacked = new Uint32Array(0);
  readPngRows(content, (row) => {
    const values = row.count * content.channels;
    if (unpacked.length !== values) unpacked = new Uint32Array(values);
    unpackSamples(row.bytes, 0, { bits: depth, littleEndian: false, out: unpacked });
    toGray(unpacked);
    const { count, step } = row;
    for (let i = 0, at = row.y * width + row.left; i < count; i++, at += step) samples[at] = unpacked[i]!;
  });
  if (samples instanceof Uint8Array) return { width, height, samples, bitsUsed: 8 };
  return deepImage(samples, { width, height, significantBits: content.significantBits });
}

/** Converts a row's samples to gray in place: afterwards, pixel `i` is element `i`. */
function rowConverter({ colourType, channels, depth, palette }: PngContent): (values: Uint32Array) => void {
  if (colourType === 2 || colourType === 6) {
    return (values) => {
      for (let i = 0, at = 0; at < values.length; i++, at += channels) {
        values[i] = luma(values[at]!, values[at + 1]!, values[at + 2]!);
      }
    };
  }
  if (depth >= 8 && colourType !== 3) {
    return (values) => {
      for (let i = 1, at = channels; at < values.length; i++, at += channels) values[i] = values[at]!;
    };
  }
  const table = colourType === 3 ? grayPalette(palette!) : byteScale(depth);
  return (values) => {
    for (let i = 0; i < values.length; i++) values[i] = table[values[i]!]!;
  };
}

/** The gray of each palette entry; missing entries are black. */
function grayPalette(palette: Uint8Array): Uint8Array {
  const table = new Uint8Array(256);
  for (let i = 0; i < Math.min(256, Math.floor(palette.length / 3)); i++) {
    table[i] = luma(palette[3 * i]!, palette[3 * i + 1]!, palette[3 * i + 2]!);
  }
  return table;
}
