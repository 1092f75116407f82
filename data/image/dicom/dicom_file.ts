/**
 * Opens a DICOM file (PS3.10): preamble, file meta information and the data set, which may be deflated.
 *
 * @module
 */
import { concatBytes } from "../../../base/bytes.ts";
import { inflate } from "../codecs/inflate.ts";
import { ImageError } from "../image_error.ts";
import { type DicomElement, type DicomElements, type ElementEncoding, readElements, TAGS } from "./dicom_elements.ts";
import { type TransferSyntax, transferSyntax } from "./transfer_syntax.ts";

/** Offset of the file meta information, after a preamble of 128 bytes and `DICM`. */
const META_START = 132;
/** The file meta information is always explicit and little-endian. */
const META: ElementEncoding = { explicit: true, littleEndian: true };
/** Lengths of the start of a deflated data set that are inflated to find its attributes; deflate expands 1032 times. */
const PREFIXES = [2 ** 12, 2 ** 14, 2 ** 16];

/** An opened file: the data set's bytes and where its elements lie. */
export interface DicomFile {
  /** The file, or the inflated start of a deflated data set. */
  bytes: Uint8Array;
  /** The deflated data set. */
  deflated: Uint8Array | undefined;
  view: DataView;
  syntax: TransferSyntax;
  elements: DicomElements;
}

/** True for DICOM files with a preamble, whatever that contains: it may make a file a TIFF image too. */
export function isDicom(bytes: Uint8Array): boolean {
  return bytes.length >= META_START && bytes[128] === 0x44 && bytes[129] === 0x49 && bytes[130] === 0x43 &&
    bytes[131] === 0x4d;
}

/**
 * Opens a file and records the elements that describe its pixels. Only the start of a deflated data set is inflated.
 *
 * @throws {ImageError} for a transfer syntax that is not read, and damaged data.
 * @throws {RangeError} if an element reaches beyond the data.
 */
export function openDicom(bytes: Uint8Array): DicomFile {
  const view = viewOf(bytes);
  const metaEnd = endOfMeta(view);
  const meta = readElements(view, { start: META_START, end: metaEnd }, META);
  const uid = meta.get(TAGS.transferSyntax);
  if (uid === undefined) throw new ImageError("the DICOM file does not say its transfer syntax");
  const syntax = transferSyntax(textOf(bytes, uid));
  if (syntax.isDeflated) return openDeflated(bytes.subarray(metaEnd), syntax);
  const elements = readElements(view, { start: metaEnd, end: bytes.length }, syntax);
  return { bytes, deflated: undefined, view, syntax, elements };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The meta information consists of the elements of group 2; its own length field is often wrong. */
function endOfMeta(view: DataView): number {
  let at = META_START;
  while (at + 8 <= view.byteLength && view.getUint16(at, true) === 2) {
    const vr = view.getUint16(at + 4);
    const isLong = vr === 0x4f42 || vr === 0x554e; // OB, UN
    at += isLong ? 12 + view.getUint32(at + 8, true) : 8 + view.getUint16(at + 6, true);
  }
  if (at > view.byteLength) throw new RangeError("the file meta information is cut off");
  return at;
}

function openDeflated(deflated: Uint8Array, syntax: TransferSyntax): DicomFile {
  for (const length of PREFIXES) {
    const bytes = inflateStart(deflated.subarray(0, length));
    const view = viewOf(bytes);
    try {
      const elements = readElements(view, { start: 0, end: bytes.length }, syntax);
      if (elements.has(TAGS.pixelData)) return { bytes, deflated, view, syntax, elements };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    if (length >= deflated.length) break;
  }
  throw new ImageError("the deflated DICOM data has no pixels, or too many attributes before them");
}

function inflateStart(data: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  const end = inflate(data, { raw: true, sink: (piece) => pieces.push(piece.slice()) > 0 });
  if (end === "damaged") throw new ImageError("the deflated DICOM data is damaged");
  return concatBytes(pieces);
}

/** A value as text, without padding. */
export function textOf(bytes: Uint8Array, { start, end }: DicomElement): string {
  let text = "";
  for (let i = start; i < Math.min(end, start + 1024); i++) text += String.fromCharCode(bytes[i]!);
  return text.replace(/[\0 ]+$/, "").trimStart();
}

/** Values of a data set by tag, with their multiplicity. */
export class DicomValues {
  readonly #file: Pick<DicomFile, "bytes" | "view" | "syntax">;
  readonly #elements: DicomElements;

  constructor(file: Pick<DicomFile, "bytes" | "view" | "syntax">, elements: DicomElements) {
    this.#file = file;
    this.#elements = elements;
  }

  /** The element of a tag; `undefined` if it is absent or empty. */
  element(tag: number): DicomElement | undefined {
    const element = this.#elements.get(tag);
    return element === undefined || element.end <= element.start ? undefined : element;
  }

  /** The first 16-bit number of an element (US or, with `signed`, SS). */
  short(tag: number, options: { index?: number; signed?: boolean } = {}): number | undefined {
    const element = this.element(tag);
    const at = (element?.start ?? 0) + 2 * (options.index ?? 0);
    if (element === undefined || at + 2 > element.end) return undefined;
    const { view, syntax } = this.#file;
    return options.signed ? view.getInt16(at, syntax.littleEndian) : view.getUint16(at, syntax.littleEndian);
  }

  /** The text of an element (CS, UI, LO). */
  text(tag: number): string | undefined {
    const element = this.element(tag);
    return element === undefined ? undefined : textOf(this.#file.bytes, element);
  }

  /**
   * The decimal numbers of an element (DS, IS), divided by backslashes.
   *
   * @throws {ImageError} for text that is no finite number.
   */
  numbers(tag: number, name: string): number[] {
    const text = this.text(tag);
    if (text === undefined || text === "") return [];
    return text.split("\\").map((part) => {
      const value = part.trim() === "" ? NaN : Number(part);
      if (!Number.isFinite(value)) throw new ImageError(`the DICOM file's ${name} is not a number`);
      return value;
    });
  }
}
