/**
 * DICOM's run-length coding (PS3.5, annex G): one PackBits segment per byte of a pixel, highest byte first.
 *
 * @module
 */
import { ImageError } from "../image_error.ts";

/** Bytes of the header: the number of segments and up to 15 offsets. */
const HEADER = 64;

/**
 * Decodes a frame to pixels of 1 or 2 bytes.
 *
 * @returns the pixels as 16-bit numbers or bytes, `count` of them
 * @throws {ImageError} for another number of segments than bytes a pixel, and segments that are cut off.
 */
export function decodeRunLengths(
  data: Uint8Array,
  { count, bytesPerPixel }: { count: number; bytesPerPixel: 1 | 2 },
): Uint8Array | Uint16Array {
  if (data.length < HEADER) throw new ImageError("the DICOM run lengths are cut off");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const segments = view.getUint32(0, true);
  if (segments !== bytesPerPixel) {
    throw new ImageError(`the DICOM run lengths have ${segments} segments; ${bytesPerPixel} are required`);
  }
  const out = bytesPerPixel === 1 ? new Uint8Array(count) : new Uint16Array(count);
  for (let segment = 0; segment < segments; segment++) {
    const start = view.getUint32(4 + 4 * segment, true);
    const next = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : data.length;
    if (start < HEADER || next < start || next > data.length) throw new ImageError("the DICOM run lengths are damaged");
    unpackSegment(data.subarray(start, next), out);
  }
  return out;
}

/** Appends one byte to each pixel: `pixel = pixel * 256 + byte`. */
function unpackSegment(data: Uint8Array, out: Uint8Array | Uint16Array): void {
  let length = 0;
  for (let at = 0; at < data.length && length < out.length;) {
    const code = data[at++]!;
    if (code === 128) continue;
    const isRun = code > 128;
    const most = Math.min(isRun ? 257 - code : code + 1, out.length - length);
    if (at + (isRun ? 1 : most) > data.length) break;
    for (let i = 0; i < most; i++, length++) out[length] = (out[length]! << 8) | data[isRun ? at : at + i]!;
    at += isRun ? 1 : code + 1;
  }
  if (length < out.length) throw new ImageError("the DICOM run lengths are cut off");
}
