/**
 * Decodes BMP files.
 *
 * @module
 */
import type { DecodedImage } from "../decoded_image.ts";
import { ImageError } from "../image_error.ts";
import { luma } from "../samples/gray.ts";
import { unpackSamples } from "../samples/unpack.ts";
import { type BmpHeader, readBmpHeader } from "./bmp_header.ts";
import { readBmpRuns } from "./bmp_runs.ts";

/**
 * Decodes a BMP file to 8-bit gray: 1, 2, 4 and 8 bits with a palette, 16, 24 and 32 bits with or without masks,
 * run-length encoded, top-down or bottom-up. Pixels start at the offset in the header.
 *
 * @throws {ImageError} for truncated files and unsupported kinds.
 */
export function readBmp(bytes: Uint8Array): DecodedImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readBmpHeader(view);
  const { width, height, bits, method, pixels } = header;
  if (method === "rle8" || method === "rle4") {
    const table = grayPalette(bytes, header);
    const indices = readBmpRuns(bytes.subarray(pixels), { width, height, bits: bits as 4 | 8 });
    for (let i = 0; i < indices.length; i++) indices[i] = table[indices[i]!]!;
    return { width, height, samples: flipped(indices, header), bitsUsed: 8 };
  }
  const rowBytes = Math.ceil(bits * width / 32) * 4;
  const lastRow = Math.ceil(bits * width / 8);
  if (pixels + rowBytes * (height - 1) + lastRow > bytes.length) throw new ImageError("the BMP data is cut off");
  const samples = new Uint8Array(width * height);
  const readRow = rowReader(bytes, header);
  for (let y = 0; y < height; y++) {
    const row = header.topDown ? y : height - 1 - y;
    readRow(pixels + y * rowBytes, samples.subarray(row * width, (row + 1) * width));
  }
  return { width, height, samples, bitsUsed: 8 };
}

type RowReader = (start: number, out: Uint8Array) => void;

function rowReader(bytes: Uint8Array, header: BmpHeader): RowReader {
  const { bits, width } = header;
  if (bits <= 8) {
    const table = grayPalette(bytes, header);
    const indices = new Uint32Array(width);
    return (start, out) => {
      unpackSamples(bytes, start, { bits, littleEndian: true, out: indices });
      for (let x = 0; x < width; x++) out[x] = table[indices[x]!]!;
    };
  }
  if (bits === 24) {
    return (start, out) => {
      for (let x = 0, at = start; x < width; x++, at += 3) out[x] = luma(bytes[at + 2]!, bytes[at + 1]!, bytes[at]!);
    };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [red, green, blue] = header.masks.map(channelReader) as [ChannelReader, ChannelReader, ChannelReader];
  return (start, out) => {
    for (let x = 0; x < width; x++) {
      const pixel = bits === 16 ? view.getUint16(start + 2 * x, true) : view.getUint32(start + 4 * x, true);
      out[x] = luma(red(pixel), green(pixel), blue(pixel));
    }
  };
}

type ChannelReader = (pixel: number) => number;

/** Extracts a channel from a pixel and scales it to a byte, rounding down as Pillow does. */
function channelReader(mask: number): ChannelReader {
  const shift = 31 - Math.clz32(mask & -mask);
  const white = mask >>> shift;
  return (pixel) => Math.floor(((pixel & mask) >>> shift) * 255 / white);
}

/** The gray of each palette entry; missing entries are black. */
function grayPalette(bytes: Uint8Array, { palette }: BmpHeader): Uint8Array {
  const table = new Uint8Array(256);
  for (let i = 0; i < palette.entries; i++) {
    const at = palette.start + i * palette.entryBytes;
    table[i] = luma(bytes[at + 2]!, bytes[at + 1]!, bytes[at]!);
  }
  return table;
}

function flipped(samples: Uint8Array, { width, height, topDown }: BmpHeader): Uint8Array {
  if (topDown) return samples;
  const out = new Uint8Array(samples.length);
  for (let y = 0; y < height; y++) {
    out.set(samples.subarray(y * width, (y + 1) * width), (height - 1 - y) * width);
  }
  return out;
}
