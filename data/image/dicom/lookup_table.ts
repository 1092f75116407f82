/**
 * Lookup tables of DICOM files (PS3.3, C.11.1 and C.11.2).
 *
 * @module
 */
import { ImageError } from "../image_error.ts";
import { readItems, TAGS } from "./dicom_elements.ts";
import { type DicomFile, DicomValues } from "./dicom_file.ts";

/** Sequences with more lookup tables are cut short. */
const MAX_TABLES = 100;

/** A lookup table: `entries[value - first]`, with the first and last entry for values outside. */
export interface LookupTable {
  first: number;
  entries: Uint16Array;
  /** Bits of an entry, 8 to 16. */
  bits: number;
}

/**
 * The lookup tables of a sequence.
 *
 * @throws {ImageError} for a damaged table.
 */
export function readLookupTables(
  file: DicomFile,
  { tag, signed }: { tag: number; signed: boolean },
): LookupTable[] {
  const sequence = new DicomValues(file, file.elements).element(tag);
  if (sequence === undefined) return [];
  return readItems(file.view, sequence, { encoding: file.syntax, most: MAX_TABLES }).map((elements) => {
    const values = new DicomValues(file, elements);
    // A count of 0 stands for 65,536.
    const count = values.short(TAGS.lutDescriptor) || 2 ** 16;
    const first = values.short(TAGS.lutDescriptor, { index: 1, signed });
    const bits = values.short(TAGS.lutDescriptor, { index: 2 });
    const data = values.element(TAGS.lutData);
    if (data === undefined || first === undefined || bits === undefined || bits < 8 || bits > 16) {
      throw new ImageError("a lookup table of the DICOM file is damaged");
    }
    const isWide = data.end - data.start >= 2 * count;
    if (!isWide && data.end - data.start < count) throw new ImageError("a lookup table of the DICOM file is cut off");
    const white = 2 ** bits - 1;
    const entries = Uint16Array.from({ length: count }, (_, i) => {
      const entry = isWide ? values.short(TAGS.lutData, { index: i })! : file.bytes[data.start + i]!;
      return Math.min(white, entry);
    });
    return { first, entries, bits };
  });
}

/** The entry of a value. */
export function lookUp({ first, entries }: LookupTable, value: number): number {
  return entries[Math.max(0, Math.min(entries.length - 1, Math.round(value) - first))]!;
}
