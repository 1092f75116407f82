/**
 * Parses JPEG marker segments up to the frame header.
 *
 * @module
 */
import { ImageError } from "../image_error.ts";

/** The frame header of a JPEG (ITU-T T.81, B.2.2). */
export interface JpegHeader {
  width: number;
  height: number;
  components: number;
  progressive: boolean;
}

/** Marker codes. */
export const JPEG_MARKERS = {
  soi: 0xd8,
  eoi: 0xd9,
  sos: 0xda,
  app0: 0xe0,
  app14: 0xee,
  app15: 0xef,
  com: 0xfe,
} as const;

/** Unsupported frame types by marker. */
const REFUSED_FRAMES: Readonly<Record<number, string>> = {
  0xc3: "lossless",
  0xc5: "hierarchical",
  0xc6: "hierarchical",
  0xc7: "hierarchical",
  0xc9: "arithmetic-coded",
  0xca: "arithmetic-coded",
  0xcb: "lossless",
  0xcd: "hierarchical",
  0xce: "hierarchical",
  0xcf: "hierarchical",
};

/** A marker segment: `FF marker length data`. */
export interface JpegSegment {
  marker: number;
  /** Offset of its `FF`, after any fill bytes. */
  start: number;
  /** Offset of the end of its data, or of the marker if it has no data. */
  end: number;
}

/**
 * The next marker segment at or after `from`. Like libjpeg, skips bytes that are not markers.
 *
 * @throws {RangeError} if the file ends first.
 */
export function nextSegment(view: DataView, from: number): JpegSegment {
  let start = from;
  for (;; start++) {
    if (view.getUint8(start) !== 0xff) continue;
    const marker = view.getUint8(start + 1);
    if (marker === 0x00 || marker === 0xff) continue;
    const isAlone = marker === 0x01 || (marker >= 0xd0 && marker <= JPEG_MARKERS.eoi);
    if (isAlone) return { marker, start, end: start + 2 };
    const length = view.getUint16(start + 2);
    if (length < 2) throw new ImageError("the JPEG header is damaged");
    return { marker, start, end: start + 2 + length };
  }
}

/**
 * Walks the marker segments to the frame header.
 *
 * @throws {ImageError} for unsupported kinds: 12-bit, lossless, hierarchical, arithmetic-coded, or other than 1 or 3
 * components.
 * @throws {RangeError} if the file is too short.
 */
export function readJpegHeader(view: DataView): JpegHeader {
  for (let at = 2;;) {
    const { marker, start, end } = nextSegment(view, at);
    at = end;
    if (marker === JPEG_MARKERS.eoi || marker === JPEG_MARKERS.sos) {
      throw new ImageError("the JPEG file has no frame header");
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (!isFrame) continue;
    const refused = REFUSED_FRAMES[marker];
    if (refused !== undefined) throw new ImageError(`the JPEG file is ${refused}, which is not read`);
    const precision = view.getUint8(start + 4);
    if (precision !== 8) throw new ImageError(`the JPEG file has ${precision} bits a sample; 8 are required`);
    const components = view.getUint8(start + 9);
    if (components !== 1 && components !== 3) {
      throw new ImageError(`the JPEG file has ${components} components; 1 or 3 are required`);
    }
    return {
      height: view.getUint16(start + 5),
      width: view.getUint16(start + 7),
      components,
      progressive: marker === 0xc2,
    };
  }
}
