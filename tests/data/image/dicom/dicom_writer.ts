/**
 * Writes DICOM files, valid or deliberately malformed.
 *
 * @module
 */
import { concatBytes } from "../../../../base/bytes.ts";
import { deflateRawSync } from "node:zlib";

/** Transfer syntaxes by name. */
export const SYNTAX = {
  implicit: "1.2.840.10008.1.2",
  explicit: "1.2.840.10008.1.2.1",
  deflated: "1.2.840.10008.1.2.1.99",
  big: "1.2.840.10008.1.2.2",
  baseline: "1.2.840.10008.1.2.4.50",
  extended: "1.2.840.10008.1.2.4.51",
  lossless: "1.2.840.10008.1.2.4.70",
  jpegLs: "1.2.840.10008.1.2.4.80",
  jpeg2000: "1.2.840.10008.1.2.4.90",
  htj2k: "1.2.840.10008.1.2.4.201",
  rle: "1.2.840.10008.1.2.5",
} as const;

/** An element: numbers are 16-bit words, bytes are written as they are, nested lists are a sequence's items. */
export type DicomAttribute = readonly [tag: number, vr: string, value: string | Uint8Array | readonly number[] | Items];
interface Items {
  items: readonly (readonly DicomAttribute[])[];
  /** With delimiters instead of lengths. */
  delimited?: boolean;
}

/** A file to write. Attributes replace the default ones of the same tag; a value of "" leaves one out. */
export interface DicomFixture {
  width: number;
  height: number;
  /** Uncompressed pixels, as they are in the file; compressed ones if `fragments` is given. */
  pixels?: Uint8Array;
  fragments?: readonly Uint8Array[];
  syntax?: string;
  bits?: number;
  signed?: boolean;
  attributes?: readonly DicomAttribute[];
}

const LONG = new Set(["OB", "OW", "SQ", "UN", "UT"]);

/** Bytes of a DICOM file with a preamble. */
export function makeDicom(fixture: DicomFixture): Uint8Array {
  const { width, height, bits = 8, signed = false, syntax = SYNTAX.explicit } = fixture;
  const allocated = bits > 8 ? 16 : 8;
  const attributes = new Map<number, DicomAttribute>();
  const defaults: DicomAttribute[] = [
    [0x00080060, "CS", "DX"],
    [0x00100010, "PN", "Nobody^Test"],
    [0x00185101, "CS", "PA"],
    [0x00280002, "US", [1]],
    [0x00280004, "CS", "MONOCHROME2"],
    [0x00280010, "US", [height]],
    [0x00280011, "US", [width]],
    [0x00280100, "US", [allocated]],
    [0x00280101, "US", [bits]],
    [0x00280102, "US", [bits - 1]],
    [0x00280103, "US", [signed ? 1 : 0]],
  ];
  for (const attribute of [...defaults, ...fixture.attributes ?? []]) attributes.set(attribute[0], attribute);
  const encoding = { explicit: syntax !== SYNTAX.implicit, littleEndian: syntax !== SYNTAX.big };
  const parts = [...attributes.values()].sort(([a], [b]) => a - b).filter(([, , value]) => value !== "")
    .map((attribute) => element(attribute, encoding));
  if (fixture.fragments !== undefined) parts.push(encapsulated(fixture.fragments));
  else if (fixture.pixels !== undefined) {
    parts.push(element([0x7fe00010, allocated === 8 ? "OB" : "OW", even(fixture.pixels)], encoding));
  }
  const body = concatBytes(parts);
  const meta = element([0x00020010, "UI", syntax], { explicit: true, littleEndian: true });
  const preamble = new Uint8Array(132);
  preamble.set([0x44, 0x49, 0x43, 0x4d], 128);
  return concatBytes([preamble, meta, syntax === SYNTAX.deflated ? new Uint8Array(deflateRawSync(body)) : body]);
}

interface Encoding {
  explicit: boolean;
  littleEndian: boolean;
}

function element([tag, vr, value]: DicomAttribute, encoding: Encoding): Uint8Array {
  const { explicit, littleEndian } = encoding;
  const isDelimited = isItems(value) && value.delimited === true;
  const bytes = valueBytes(value, vr, encoding);
  const isLong = explicit && LONG.has(vr);
  const head = new Uint8Array(isLong ? 12 : 8);
  const view = new DataView(head.buffer);
  view.setUint16(0, tag >>> 16, littleEndian);
  view.setUint16(2, tag & 0xffff, littleEndian);
  const length = isDelimited ? 0xffffffff : bytes.length;
  if (explicit) head.set([vr.charCodeAt(0), vr.charCodeAt(1)], 4);
  if (!explicit) view.setUint32(4, length, littleEndian);
  else if (isLong) view.setUint32(8, length, littleEndian);
  else view.setUint16(6, length, littleEndian);
  return concatBytes([head, bytes]);
}

function isItems(value: DicomAttribute[2]): value is Items {
  return typeof value === "object" && "items" in value;
}

function valueBytes(value: DicomAttribute[2], vr: string, encoding: Encoding): Uint8Array {
  if (typeof value === "string") return even(new TextEncoder().encode(value), vr === "UI" ? 0 : 32);
  if (value instanceof Uint8Array) return value;
  if (!isItems(value)) return words(value, encoding.littleEndian);
  const { items, delimited = false } = value;
  const parts = items.flatMap((attributes) => {
    const body = concatBytes(attributes.map((attribute) => element(attribute, encoding)));
    const head = item(0xe000, delimited ? 0xffffffff : body.length, encoding.littleEndian);
    return delimited ? [head, body, item(0xe00d, 0, encoding.littleEndian)] : [head, body];
  });
  return concatBytes(delimited ? [...parts, item(0xe0dd, 0, encoding.littleEndian)] : parts);
}

/** Pixel data in fragments, after an empty offset table. */
export function encapsulated(fragments: readonly Uint8Array[]): Uint8Array {
  const head = Uint8Array.of(0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff);
  const parts = fragments.map((fragment) => even(fragment)).flatMap((
    fragment,
  ) => [item(0xe000, fragment.length, true), fragment]);
  return concatBytes([head, item(0xe000, 0, true), ...parts, item(0xe0dd, 0, true)]);
}

function item(tag: number, length: number, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xfffe, littleEndian);
  view.setUint16(2, tag, littleEndian);
  view.setUint32(4, length, littleEndian);
  return bytes;
}

/** 16-bit words as bytes. */
export function words(values: ArrayLike<number>, littleEndian = true): Uint8Array {
  const bytes = new Uint8Array(2 * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setUint16(2 * i, values[i]! & 0xffff, littleEndian);
  return bytes;
}

function even(bytes: Uint8Array, fill: number = 0): Uint8Array {
  if (bytes.length % 2 === 0) return bytes;
  return concatBytes([bytes, Uint8Array.of(fill)]);
}
