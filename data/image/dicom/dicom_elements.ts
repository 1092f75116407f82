/**
 * Finds the elements of a DICOM data set that describe its pixels (PS3.5, section 7). Only the tags of an allow-list
 * are recorded: attributes of the patient are skipped by their lengths and never read.
 *
 * @module
 */
import { ImageError } from "../image_error.ts";

/** Tags that are recorded, `0xGGGGEEEE`. None of them describes a patient. */
export const TAGS = {
  transferSyntax: 0x00020010,
  viewPosition: 0x00185101,
  samplesPerPixel: 0x00280002,
  photometric: 0x00280004,
  frames: 0x00280008,
  rows: 0x00280010,
  columns: 0x00280011,
  bitsAllocated: 0x00280100,
  bitsStored: 0x00280101,
  highBit: 0x00280102,
  signed: 0x00280103,
  padding: 0x00280120,
  paddingLimit: 0x00280121,
  windowCenter: 0x00281050,
  windowWidth: 0x00281051,
  intercept: 0x00281052,
  slope: 0x00281053,
  windowFunction: 0x00281056,
  modalityLuts: 0x00283000,
  voiLuts: 0x00283010,
  lutDescriptor: 0x00283002,
  lutData: 0x00283006,
  pixelData: 0x7fe00010,
} as const;
const WANTED: ReadonlySet<number> = new Set(Object.values(TAGS));

const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
/** A length that is not given; the value ends with a delimiter. */
const UNDEFINED = 0xffffffff;
/** Sequences nested more deeply are refused; radiographs have up to five levels. */
const MAX_DEPTH = 64;

/** Value representations whose length has four bytes, after two reserved ones. */
const LONG = new Set(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"]);

/** How elements are encoded. */
export interface ElementEncoding {
  explicit: boolean;
  littleEndian: boolean;
}

/** A recorded element: where its value is. */
export interface DicomElement {
  start: number;
  /** For pixel data as declared, which may be beyond the end of the file. */
  end: number;
  /** True if the length is not given in the file. */
  isDelimited: boolean;
}

/** Recorded elements by tag; if one is repeated, the last counts. */
export type DicomElements = ReadonlyMap<number, DicomElement>;

/**
 * Records the elements between two offsets, in time proportional to the data and with memory for the allow-list only.
 * Stops at the pixel data, whose end is `end` if its length is not given.
 *
 * @throws {ImageError} for sequences nested too deeply.
 * @throws {RangeError} if an element reaches beyond the data.
 */
export function readElements(
  view: DataView,
  range: { start: number; end: number },
  encoding: ElementEncoding,
): DicomElements {
  const elements = new Map<number, DicomElement>();
  for (let at = range.start; at < range.end;) {
    const head = readHead(view, at, encoding);
    const isPixelData = head.tag === TAGS.pixelData;
    const isDelimited = head.length === UNDEFINED;
    let end = head.value + head.length;
    if (isDelimited) end = isPixelData ? range.end : skipDelimited(view, head, encoding);
    if (end > range.end && !isPixelData) throw new RangeError("an element reaches beyond the data");
    if (WANTED.has(head.tag)) elements.set(head.tag, { start: head.value, end, isDelimited });
    if (isPixelData) break;
    at = end;
  }
  return elements;
}

/** The elements of each item of a sequence. */
export function readItems(
  view: DataView,
  sequence: DicomElement,
  { encoding, most }: { encoding: ElementEncoding; most: number },
): DicomElements[] {
  const items: DicomElements[] = [];
  for (let at = sequence.start; at < sequence.end && items.length < most;) {
    const head = readHead(view, at, encoding);
    if (head.tag !== ITEM) break;
    const isDelimited = head.length === UNDEFINED;
    const end = isDelimited ? skipDelimited(view, head, encoding) : head.value + head.length;
    if (end > sequence.end) throw new RangeError("an item reaches beyond its sequence");
    // Eight bytes delimit an item of undefined length.
    items.push(readElements(view, { start: head.value, end: isDelimited ? end - 8 : end }, encoding));
    at = end;
  }
  return items;
}

interface ElementHead {
  tag: number;
  /** Offset of the value. */
  value: number;
  length: number;
  /** True if the elements inside have no value representations, whatever the data set has (PS3.5, section 6.2.2). */
  isUnknown: boolean;
}

function readHead(view: DataView, at: number, { explicit, littleEndian }: ElementEncoding): ElementHead {
  const tag = view.getUint16(at, littleEndian) * 0x10000 + view.getUint16(at + 2, littleEndian);
  const isDelimiter = tag === ITEM || tag === ITEM_END || tag === SEQUENCE_END;
  if (!explicit || isDelimiter) {
    return { tag, value: at + 8, length: view.getUint32(at + 4, littleEndian), isUnknown: false };
  }
  const vr = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5));
  if (!LONG.has(vr)) return { tag, value: at + 8, length: view.getUint16(at + 6, littleEndian), isUnknown: false };
  return { tag, value: at + 12, length: view.getUint32(at + 8, littleEndian), isUnknown: vr === "UN" };
}

/** The offset after a sequence or item of undefined length, whose value begins at `head.value`. */
function skipDelimited(view: DataView, head: ElementHead, encoding: ElementEncoding): number {
  const open = [head.isUnknown ? { explicit: false, littleEndian: true } : encoding];
  let at = head.value;
  while (open.length > 0) {
    const inner = open.at(-1)!;
    const next = readHead(view, at, inner);
    at = next.value;
    if (next.tag === ITEM_END || next.tag === SEQUENCE_END) {
      open.pop();
    } else if (next.length === UNDEFINED) {
      if (open.length === MAX_DEPTH) throw new ImageError(`the DICOM file nests more than ${MAX_DEPTH} sequences`);
      open.push(next.isUnknown ? { explicit: false, littleEndian: true } : inner);
    } else {
      at += next.length;
    }
  }
  return at;
}
