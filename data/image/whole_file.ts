import { crc32 } from "node:zlib";
import { ImageError, type ImageFormat } from "./image_header.ts";
import { isPlainTiff } from "./tiff_structure.ts";

/** The formats that image-decode reads. Its GIF decoder does not end on some bad files, and nobody keeps radiographs in GIF. */
export type OtherFormat = Exclude<ImageFormat, "jpeg" | "gif">;

/**
 * Refuses a PNG, BMP or TIFF file that is cut off or (PNG) damaged: the decoders of these formats fill what is missing with zeros and
 * say nothing.
 *
 * @throws {ImageError} saying what is missing.
 */
export function requireWholeFile(bytes: Uint8Array, format: OtherFormat): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (!CHECKS[format](view, bytes)) throw new ImageError(`the ${format.toUpperCase()} data is cut off or damaged`);
  } catch (error) {
    if (error instanceof RangeError) throw new ImageError(`the ${format.toUpperCase()} data is cut off`);
    throw error;
  }
}

type Check = (view: DataView, bytes: Uint8Array) => boolean;

const CHECKS: Record<OtherFormat, Check> = {
  png: isWholePng,
  bmp: isWholeBmp,
  tiff: isPlainTiff,
};

/** Every chunk has its checksum, and the last is IEND. */
function isWholePng(view: DataView, bytes: Uint8Array): boolean {
  for (let at = 8;;) {
    const length = view.getUint32(at);
    const type = view.getUint32(at + 4);
    if (view.getUint32(at + 8 + length) !== crc32(bytes.subarray(at + 4, at + 8 + length))) return false;
    if (type === 0x49454e44) return true;
    at += 12 + length;
  }
}

/** The file is as long as its header says; some writers leave that field 0. */
function isWholeBmp(view: DataView, bytes: Uint8Array): boolean {
  const offset = view.getUint32(10, true);
  const rowBytes = Math.ceil(view.getUint16(28, true) * Math.abs(view.getInt32(18, true)) / 32) * 4;
  const compressed = view.getUint32(30, true) !== 0 && view.getUint32(30, true) !== 3;
  const pixels = compressed ? view.getUint32(34, true) : rowBytes * Math.abs(view.getInt32(22, true));
  return bytes.length >= offset + pixels;
}
