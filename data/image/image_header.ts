/** The formats that are told apart by their first bytes. */
export type ImageFormat = "jpeg" | "png" | "gif" | "bmp" | "tiff";

/** What a file's header says, before anything is decoded. */
export interface ImageHeader {
  format: ImageFormat;
  width: number;
  height: number;
}

/** A reason not to decode an image, in words. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}

/** The format of a file's content, by its first bytes; `undefined` for anything else. */
export function imageFormat(bytes: Uint8Array): ImageFormat | undefined {
  const starts = (...signature: number[]) => signature.every((byte, i) => bytes[i] === byte);
  if (starts(0xff, 0xd8, 0xff)) return "jpeg";
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "png";
  if (starts(0x47, 0x49, 0x46, 0x38)) return "gif";
  if (starts(0x42, 0x4d)) return "bmp";
  if (starts(0x49, 0x49, 0x2a, 0x00) || starts(0x4d, 0x4d, 0x00, 0x2a)) return "tiff";
  return undefined;
}

/**
 * Format, width and height out of a file's header.
 *
 * @throws {ImageError} for an empty file, an unknown format, a header that is cut off, 12-bit or arithmetic-coded JPEG.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader {
  if (bytes.length === 0) throw new ImageError("the file is empty");
  const format = imageFormat(bytes);
  if (format === undefined) throw new ImageError("the file is no JPEG, PNG, BMP or TIFF image");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return { format, ...HEADER_READERS[format](view) };
  } catch (error) {
    if (error instanceof RangeError) throw new ImageError(`the ${format.toUpperCase()} header is cut off`);
    throw error;
  }
}

interface Extent {
  width: number;
  height: number;
}

const HEADER_READERS: Record<ImageFormat, (view: DataView) => Extent> = {
  jpeg: readJpegExtent,
  png: (view) => ({ width: view.getUint32(16), height: view.getUint32(20) }),
  gif: (view) => ({ width: view.getUint16(6, true), height: view.getUint16(8, true) }),
  bmp: (view) => ({ width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) }),
  tiff: readTiffExtent,
};

/** Walks the marker segments to the frame header (ITU-T T.81, B.2.2). */
function readJpegExtent(view: DataView): Extent {
  let offset = 2;
  for (;;) {
    if (view.getUint8(offset) !== 0xff) throw new ImageError("the JPEG header is damaged");
    const marker = view.getUint8(offset + 1);
    if (marker === 0xff) {
      offset++;
      continue;
    }
    if (marker === 0xd9 || marker === 0xda) throw new ImageError("the JPEG file has no frame header");
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      offset += 2;
      continue;
    }
    const length = view.getUint16(offset + 2);
    if (length < 2) throw new ImageError("the JPEG header is damaged");
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      const precision = view.getUint8(offset + 4);
      if (precision !== 8) throw new ImageError(`the JPEG file has ${precision} bits a sample; 8 are required`);
      if (marker > 0xc2) {
        throw new ImageError("the JPEG file is of a kind (lossless, hierarchical, arithmetic) that is not read");
      }
      return { height: view.getUint16(offset + 5), width: view.getUint16(offset + 7) };
    }
    offset += 2 + length;
  }
}

/** Reads ImageWidth (256) and ImageLength (257) of the first directory (TIFF 6.0). */
function readTiffExtent(view: DataView): Extent {
  const little = view.getUint8(0) === 0x49;
  const directory = view.getUint32(4, little);
  const entries = view.getUint16(directory, little);
  const extent: Extent = { width: 0, height: 0 };
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    const tag = view.getUint16(entry, little);
    if (tag !== 256 && tag !== 257) continue;
    const short = view.getUint16(entry + 2, little) === 3;
    const value = short ? view.getUint16(entry + 8, little) : view.getUint32(entry + 8, little);
    if (tag === 256) extent.width = value;
    else extent.height = value;
  }
  return extent;
}
