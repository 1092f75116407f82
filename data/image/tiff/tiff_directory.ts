/**
 * Reads the tags of the first directory of a TIFF or BigTIFF file.
 *
 * @module
 */
import { ImageError } from "../image_error.ts";

/** The supported tags (TIFF 6.0); all others, including links to other directories, are ignored. */
export const TIFF_TAGS = {
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfiguration: 284,
  predictor: 317,
  colorMap: 320,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
} as const;

/** Bytes of a value by field type: BYTE, SHORT, LONG, their signed forms, IFD, and BigTIFF's LONG8. */
const INTEGER_BYTES: Readonly<Record<number, 1 | 2 | 4 | 8>> = { 1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8 };
/** Directories with more entries are rejected. */
const MAX_ENTRIES = 4096;

interface Entry {
  type: number;
  count: number;
  /** Offset of the values in the file. */
  at: number;
}

/** The first directory of a TIFF file. Values are read lazily, and only as many as requested. */
export class TiffDirectory {
  readonly littleEndian: boolean;
  /** True if another directory (page) follows. */
  readonly hasMore: boolean;
  readonly #view: DataView;
  readonly #entries = new Map<number, Entry>();

  /**
   * Reads the directory's entries, TIFF and BigTIFF.
   *
   * @throws {ImageError} for a damaged directory.
   * @throws {RangeError} if the file is too short.
   */
  constructor(view: DataView) {
    this.#view = view;
    this.littleEndian = view.getUint8(0) === 0x49;
    const big = view.getUint16(2, this.littleEndian) === 43;
    if (big && view.getUint16(4, this.littleEndian) !== 8) throw new ImageError("the TIFF header is damaged");
    const start = big ? this.#number(8, 8) : this.#number(4, 4);
    const count = this.#number(start, big ? 8 : 2);
    if (count > MAX_ENTRIES) throw new ImageError(`the TIFF file has ${count} tags, over the limit of ${MAX_ENTRIES}`);
    const first = start + (big ? 8 : 2);
    const known = new Set<number>(Object.values(TIFF_TAGS));
    for (let i = 0; i < count; i++) {
      const at = first + i * (big ? 20 : 12);
      const tag = this.#number(at, 2);
      if (known.has(tag) && !this.#entries.has(tag)) this.#entries.set(tag, this.#entry(at, big));
    }
    const end = first + count * (big ? 20 : 12);
    // Some writers omit the final link at the end of the file.
    this.hasMore = end + (big ? 8 : 4) <= view.byteLength && this.#number(end, big ? 8 : 4) !== 0;
  }

  has(tag: keyof typeof TIFF_TAGS): boolean {
    return this.#entries.has(TIFF_TAGS[tag]);
  }

  /** The number of values of a tag; 0 if it is missing. */
  count(tag: keyof typeof TIFF_TAGS): number {
    return this.#entries.get(TIFF_TAGS[tag])?.count ?? 0;
  }

  /** The first value of a tag, or `otherwise` if it is missing. */
  value(tag: keyof typeof TIFF_TAGS, otherwise: number): number {
    return this.has(tag) ? this.values(tag, 1)[0]! : otherwise;
  }

  /**
   * The first `count` values of a tag.
   *
   * @throws {ImageError} if the tag has fewer values, non-integer values, or values outside the file.
   */
  values(tag: keyof typeof TIFF_TAGS, count: number): Float64Array {
    const entry = this.#entries.get(TIFF_TAGS[tag]);
    const bytes = INTEGER_BYTES[entry?.type ?? 0];
    if (entry === undefined || bytes === undefined || entry.count < count) {
      throw new ImageError(`the TIFF file's tag ${TIFF_TAGS[tag]} (${tag}) is missing or damaged`);
    }
    if (entry.at + count * bytes > this.#view.byteLength) throw new ImageError("the TIFF data is cut off");
    // A typed array is not subject to the heap limit.
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = this.#number(entry.at + i * bytes, bytes);
    return values;
  }

  #entry(at: number, big: boolean): Entry {
    const type = this.#number(at + 2, 2);
    const count = this.#number(at + 4, big ? 8 : 4);
    const value = at + (big ? 12 : 8);
    const isInline = count * (INTEGER_BYTES[type] ?? 8) <= (big ? 8 : 4);
    return { type, count, at: isInline ? value : this.#number(value, big ? 8 : 4) };
  }

  #number(at: number, bytes: 1 | 2 | 4 | 8): number {
    const view = this.#view;
    if (bytes === 8) return Number(view.getBigUint64(at, this.littleEndian));
    if (bytes === 4) return view.getUint32(at, this.littleEndian);
    return bytes === 2 ? view.getUint16(at, this.littleEndian) : view.getUint8(at);
  }
}
