/**
 * The encoded bytes of a DICOM image's only frame (PS3.5, annex A.4).
 *
 * @module
 */
import { inflateTo } from "../codecs/inflate.ts";
import { ImageError } from "../image_error.ts";
import { type DicomElement, TAGS } from "./dicom_elements.ts";
import type { DicomFile } from "./dicom_file.ts";

const ITEM = 0xfffee000;
const SEQUENCE_END = 0xfffee0dd;
/** Most bytes after deflated pixels: padding of the data set. */
const MAX_TRAILING = 2 ** 16;

/**
 * The pixel data of a file: a view of its bytes, or the concatenated fragments of compressed pixel data, which are
 * never longer than the file.
 *
 * @param pixelBytes the number of bytes of uncompressed pixels
 * @throws {ImageError} if pixel data of this transfer syntax cannot be stored this way.
 * @throws {RangeError} if it is cut off.
 */
export function frameBytes({ bytes, deflated, view, syntax, elements }: DicomFile, pixelBytes: number): Uint8Array {
  const pixels = elements.get(TAGS.pixelData)!;
  if (deflated !== undefined) return inflateFrame(deflated, pixels, pixelBytes);
  if (syntax.codec === "native") {
    if (pixels.isDelimited) {
      throw new ImageError("the DICOM pixels are in fragments, which uncompressed ones never are");
    }
    return bytes.subarray(pixels.start, pixels.end);
  }
  if (!pixels.isDelimited) {
    throw new ImageError("the DICOM pixels are not in fragments, which compressed ones always are");
  }
  const fragments: Uint8Array[] = [];
  let isFirst = true;
  for (let at = pixels.start; at < bytes.length;) {
    const tag = view.getUint16(at, true) * 0x10000 + view.getUint16(at + 2, true);
    const length = view.getUint32(at + 4, true);
    if (tag === SEQUENCE_END) break;
    if (tag !== ITEM) throw new ImageError("the fragments of the DICOM pixels are damaged");
    const end = at + 8 + length;
    if (end > bytes.length) throw new RangeError("a fragment is cut off");
    // The first item is the offset table, which a single frame does not need.
    if (!isFirst && length > 0) fragments.push(bytes.subarray(at + 8, end));
    isFirst = false;
    at = end;
  }
  if (fragments.length === 1) return fragments[0]!;
  const whole = new Uint8Array(fragments.reduce((sum, fragment) => sum + fragment.length, 0));
  let at = 0;
  for (const fragment of fragments) {
    whole.set(fragment, at);
    at += fragment.length;
  }
  if (whole.length === 0) throw new ImageError("the DICOM file has no pixels");
  return whole;
}

function inflateFrame(deflated: Uint8Array, pixels: DicomElement, pixelBytes: number): Uint8Array {
  const end = pixels.start + pixelBytes;
  if (pixels.isDelimited || pixels.end < end || pixels.end > end + 1) {
    throw new ImageError("the DICOM pixels have another length than their size and depth say");
  }
  const inflated = inflateTo(deflated, { size: pixels.end + MAX_TRAILING, least: end, raw: true });
  if (typeof inflated === "string") throw new ImageError("the deflated DICOM data is cut off or damaged");
  return inflated.subarray(pixels.start, end);
}
