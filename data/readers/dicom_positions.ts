/**
 * Reads view positions from the headers of DICOM files.
 *
 * @module
 */
import { DataError, isSystemError } from "../../base/errors.ts";
import { openRegularSync } from "../../base/regular_file.ts";
import { TAGS } from "../image/dicom/dicom_elements.ts";
import { DicomValues, isDicom, openDicom } from "../image/dicom/dicom_file.ts";
import { ImageError } from "../image/image_error.ts";

/** Bytes read from the start of a file: at first, and if its attributes are longer. */
const STARTS = [2 ** 14, 2 ** 20];

/**
 * The view position (0018,5101) of a DICOM file, upper case; blank if the file has none or cannot be read, which is
 * reported when its pixels are. Nothing else of the header is read.
 */
export function viewPositionOf(path: string): string {
  for (const length of STARTS) {
    const bytes = startOf(path, length);
    if (bytes === undefined || !isDicom(bytes)) return "";
    try {
      const file = openDicom(bytes);
      const position = new DicomValues(file, file.elements).text(TAGS.viewPosition) ?? "";
      return /^[A-Za-z ]{0,16}$/.test(position) ? position.toUpperCase() : "OTHER";
    } catch (error) {
      if (error instanceof ImageError) return "";
      if (!(error instanceof RangeError)) throw error;
      // The attributes are longer than what was read.
      if (bytes.length < length) return "";
    }
  }
  return "";
}

function startOf(path: string, length: number): Uint8Array | undefined {
  try {
    using opened = openRegularSync(path, { maxBytes: Infinity, kind: "an image" });
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const count = opened.file.readSync(bytes.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } catch (error) {
    if (error instanceof DataError || error instanceof Deno.errors.NotFound || isSystemError(error)) return undefined;
    throw error;
  }
}
