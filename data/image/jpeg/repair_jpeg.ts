/**
 * Strips harmless defects from JPEG files that libjpeg would otherwise reject.
 *
 * @module
 */
import { concatBytes } from "../../../base/bytes.ts";
import { JPEG_MARKERS, nextSegment } from "./jpeg_header.ts";

/** Maximum number of junk bytes between the last scan and the end marker. */
const MAX_JUNK = 16;

/** Maximum number of segments and scans per file. */
const MAX_PARTS = 2 ** 14;

/**
 * Yields variants of a JPEG file without harmless defects that libjpeg warns about: stray bytes between markers,
 * application segments that do not affect pixels, and then junk before the end marker. libjpeg-turbo's simple interface
 * treats every warning as an error. Damaged pixel data fail in every variant.
 */
export function* repairedJpegs(bytes: Uint8Array): Generator<Uint8Array, void, void> {
  const parts = plainParts(bytes);
  if (parts === undefined) return;
  const whole = concatBytes(parts);
  yield whole;
  const end = whole.length - 2;
  for (let junk = 1; junk <= MAX_JUNK && end - junk > 2; junk++) {
    const shorter = whole.slice(0, whole.length - junk);
    shorter.set([0xff, JPEG_MARKERS.eoi], end - junk);
    yield shorter;
  }
}

/** The segments and scans of a file; `undefined` if there is no end marker. */
function plainParts(bytes: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [bytes.subarray(0, 2)];
  try {
    for (let at = 2;;) {
      const { marker, start, end } = nextSegment(view, at);
      if (end > bytes.length || parts.length > MAX_PARTS) return undefined;
      at = end;
      if (isNeeded(marker, bytes.subarray(start + 4, end))) parts.push(bytes.subarray(start, end));
      if (marker === JPEG_MARKERS.eoi) return parts;
      if (marker !== JPEG_MARKERS.sos) continue;
      at = endOfScan(view, end);
      parts.push(bytes.subarray(end, at));
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Finds the end of entropy-coded data: the first marker other than a restart. */
function endOfScan(view: DataView, from: number): number {
  for (let at = from;; at++) {
    if (view.getUint8(at) !== 0xff) continue;
    const next = view.getUint8(at + 1);
    if (next !== 0x00 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
}

/** Only JFIF and Adobe application segments affect how pixels are decoded. */
function isNeeded(marker: number, data: Uint8Array): boolean {
  if (marker === JPEG_MARKERS.com) return false;
  if (marker < JPEG_MARKERS.app0 || marker > JPEG_MARKERS.app15) return true;
  const begins = (text: string) => [...text].every((letter, i) => data[i] === letter.charCodeAt(0));
  // Unknown JFIF major versions and Adobe transforms cause warnings but have no effect.
  if (marker === JPEG_MARKERS.app0) return begins("JFIF\0") && data.length >= 14 && data[5] === 1;
  return marker === JPEG_MARKERS.app14 && begins("Adobe") && data.length >= 12 && data[11]! <= 2;
}
