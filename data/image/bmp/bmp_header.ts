/**
 * Parses BMP headers.
 *
 * @module
 */
import { ImageError } from "../image_error.ts";

/** Compression methods (BITMAPINFOHEADER) by number. */
const METHODS: Readonly<Record<number, BmpHeader["method"] | string>> = {
  0: "plain",
  1: "rle8",
  2: "rle4",
  3: "masks",
  6: "masks",
};

/** The pixel layout of a BMP file. */
export interface BmpHeader {
  width: number;
  height: number;
  /** True if rows are stored top-down; bottom-up is the usual order. */
  topDown: boolean;
  bits: number;
  method: "plain" | "rle8" | "rle4" | "masks";
  /** Red, green and blue masks of 16- and 32-bit pixels. */
  masks: [number, number, number];
  /** Offset of the pixels. */
  pixels: number;
  palette: { start: number; entries: number; entryBytes: 3 | 4 };
}

/**
 * The header of a BMP file: OS/2's (12, 16 and 64 bytes) and Windows' (40, 52, 56, 108 and 124 bytes).
 *
 * @throws {ImageError} for unsupported headers, depths and compression methods.
 * @throws {RangeError} if the file is too short.
 */
export function readBmpHeader(view: DataView): BmpHeader {
  const headerBytes = view.getUint32(14, true);
  const pixels = view.getUint32(10, true);
  if (headerBytes === 12) {
    return {
      width: view.getUint16(18, true),
      height: view.getUint16(20, true),
      topDown: false,
      ...pixelKind(view.getUint16(24, true), "plain"),
      masks: [0, 0, 0],
      pixels,
      palette: paletteOf(view, { start: 26, pixels, bits: view.getUint16(24, true), used: 0, entryBytes: 3 }),
    };
  }
  if (![16, 40, 52, 56, 64, 108, 124].includes(headerBytes)) {
    throw new ImageError(`the BMP file has a header of ${headerBytes} bytes, which is not read`);
  }
  const bits = view.getUint16(28, true);
  const number = headerBytes === 16 ? 0 : view.getUint32(30, true);
  const method = headerBytes === 64 && number >= 3 ? undefined : METHODS[number];
  if (method === undefined) throw new ImageError(`the BMP file is compressed by method ${number}, which is not read`);
  const rows = view.getInt32(22, true);
  const ownMasks = method === "masks" && headerBytes === 40 ? (number === 6 ? 16 : 12) : 0;
  const used = headerBytes === 16 ? 0 : view.getUint32(46, true);
  return {
    width: view.getInt32(18, true),
    height: Math.abs(rows),
    topDown: rows < 0,
    ...pixelKind(bits, method as BmpHeader["method"]),
    masks: method === "masks" ? readMasks(view) : bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff],
    pixels,
    palette: paletteOf(view, { start: 14 + headerBytes + ownMasks, pixels, bits, used, entryBytes: 4 }),
  };
}

function pixelKind(bits: number, method: BmpHeader["method"]): Pick<BmpHeader, "bits" | "method"> {
  const allowed = { plain: [1, 2, 4, 8, 16, 24, 32], rle8: [8], rle4: [4], masks: [16, 32] }[method];
  if (!allowed.includes(bits)) {
    throw new ImageError(`the BMP file has ${bits} bits a pixel (${method}), which is not read`);
  }
  return { bits, method };
}

function readMasks(view: DataView): [number, number, number] {
  const masks: [number, number, number] = [54, 58, 62].map((at) => view.getUint32(at, true)) as [
    number,
    number,
    number,
  ];
  for (const mask of masks) {
    const run = mask / ((mask & -mask) >>> 0);
    if (mask === 0 || !Number.isInteger(Math.log2(run + 1))) {
      throw new ImageError("the BMP file has colour masks that are not runs of bits");
    }
  }
  return masks;
}

function paletteOf(
  view: DataView,
  options: { start: number; pixels: number; bits: number; used: number; entryBytes: 3 | 4 },
): BmpHeader["palette"] {
  const { start, pixels, bits, used, entryBytes } = options;
  if (bits > 8) return { start, entries: 0, entryBytes };
  // Some writers omit the number of colours; others give more than fit between header and pixels.
  const room = Math.floor((Math.min(pixels, view.byteLength) - start) / entryBytes);
  const entries = Math.max(0, Math.min(used === 0 ? 2 ** bits : used, 2 ** bits, room));
  return { start, entries, entryBytes };
}
