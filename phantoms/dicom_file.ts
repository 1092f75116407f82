/**
 * Writes phantoms as DICOM files: a JPEG in a data set with the attributes that a reader needs.
 *
 * @module
 */
import { concatBytes } from "../base/bytes.ts";
import type { ImageState } from "./exposures.ts";

const JPEG_BASELINE = "1.2.840.10008.1.2.4.50";
const DX_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1";

type Value = string | number;

/** A DICOM file around a baseline JPEG. It names no patient, and its view position is the image's. */
export function dicomFile(
  { width, height, jpeg }: { width: number; height: number; jpeg: Uint8Array<ArrayBuffer> },
  { viewPosition }: ImageState,
): Uint8Array<ArrayBuffer> {
  const body: [tag: number, vr: string, value: Value][] = [
    [0x00080016, "UI", DX_FOR_PRESENTATION],
    [0x00080060, "CS", "DX"],
    [0x00185101, "CS", viewPosition],
    [0x00280002, "US", 1],
    [0x00280004, "CS", "MONOCHROME2"],
    [0x00280010, "US", height],
    [0x00280011, "US", width],
    [0x00280100, "US", 8],
    [0x00280101, "US", 8],
    [0x00280102, "US", 7],
    [0x00280103, "US", 0],
  ];
  const preamble = new Uint8Array(132);
  preamble.set(new TextEncoder().encode("DICM"), 128);
  const meta = element(0x00020010, "UI", JPEG_BASELINE);
  const length = new Uint8Array(12);
  const view = new DataView(length.buffer);
  view.setUint16(0, 2, true);
  length.set(new TextEncoder().encode("UL"), 4);
  view.setUint16(6, 4, true);
  view.setUint32(8, meta.length, true);
  return concatBytes([
    preamble,
    length,
    meta,
    ...body.map(([tag, vr, value]) => element(tag, vr, value)),
    ...fragment(jpeg),
  ]);
}

/** An explicit little-endian element of text or of one 16-bit number. */
function element(tag: number, vr: string, value: Value): Uint8Array {
  const text = typeof value === "string" ? value + (value.length % 2 === 0 ? "" : vr === "UI" ? "\0" : " ") : "";
  const bytes = typeof value === "string" ? new TextEncoder().encode(text) : Uint8Array.of(value & 255, value >> 8);
  const out = new Uint8Array(8 + bytes.length);
  const view = new DataView(out.buffer);
  view.setUint16(0, tag >>> 16, true);
  view.setUint16(2, tag & 0xffff, true);
  out.set(new TextEncoder().encode(vr), 4);
  view.setUint16(6, bytes.length, true);
  out.set(bytes, 8);
  return out;
}

/** Pixel data of one fragment, of even length, after an empty offset table. */
function fragment(jpeg: Uint8Array): Uint8Array[] {
  const head = Uint8Array.of(0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0, 255, 255, 255, 255, 0xfe, 255, 0, 0xe0, 0, 0, 0, 0);
  const item = Uint8Array.of(0xfe, 255, 0, 0xe0, 0, 0, 0, 0);
  const padding = new Uint8Array(jpeg.length % 2);
  new DataView(item.buffer).setUint32(4, jpeg.length + padding.length, true);
  return [head, item, jpeg, padding, Uint8Array.of(0xfe, 255, 0xdd, 0xe0, 0, 0, 0, 0)];
}
