import { ImageError } from "./image_header.ts";

/** Bytes of a value by field type (TIFF 6.0, section 2); types from 13 on are unknown. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

const TAGS = {
  bitsPerSample: 258,
  compression: 259,
  stripOffsets: 273,
  samplesPerPixel: 277,
  stripByteCounts: 279,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
} as const;

/** None, LZW, deflate (two numbers) and PackBits; the decoder's others may not end. */
const COMPRESSIONS = { none: 1, lzw: 5, deflate: 8, deflateOld: 32946, packBits: 32773 } as const;

/**
 * True for a TIFF file of one directory whose values and image data lie in the file. The decoder trusts counts, sizes and the chain of
 * directories, so that a changed byte could cost gigabytes or never end.
 *
 * @throws {ImageError} for several pages and for pixels of a kind that is not read.
 */
export function isPlainTiff(view: DataView): boolean {
  const little = view.getUint8(0) === 0x49;
  const directory = view.getUint32(4, little);
  const entries = view.getUint16(directory, little);
  const values = new Map<number, number[]>();
  for (let i = 0; i < entries; i++) {
    const read = readEntry(view, directory + 2 + 12 * i, little);
    if (read === undefined || values.has(read.tag)) return false;
    values.set(read.tag, read.values);
  }
  if (view.getUint32(directory + 2 + 12 * entries, little) !== 0) {
    throw new ImageError("the TIFF file has several pages");
  }
  requirePlainPixels(values);
  const offsets = values.get(TAGS.stripOffsets) ?? values.get(TAGS.tileOffsets) ?? [];
  const lengths = values.get(TAGS.stripByteCounts) ?? values.get(TAGS.tileByteCounts) ?? [];
  if (offsets.length === 0 || offsets.length !== lengths.length) return false;
  const compression = values.get(TAGS.compression)?.[0] ?? COMPRESSIONS.none;
  if (!(Object.values(COMPRESSIONS) as number[]).includes(compression)) {
    throw new ImageError(`the TIFF file is compressed by method ${compression}, which is not read`);
  }
  return offsets.every((offset, i) => {
    const length = lengths[i]!;
    if (offset + length > view.byteLength) return false;
    if (compression !== COMPRESSIONS.lzw) return true;
    return lzwEnds(new Uint8Array(view.buffer, view.byteOffset + offset, length));
  });
}

/** True where LZW data reach their end code: the decoder goes on for ever where they don't. Follows the widths of the codes only. */
function lzwEnds(data: Uint8Array): boolean {
  const CLEAR = 256;
  const END = 257;
  let width = 9;
  let known = 258;
  let afterClear = false;
  for (let at = 0; at + width <= data.length * 8;) {
    const byte = at >> 3;
    const window = (data[byte]! << 16) | ((data[byte + 1] ?? 0) << 8) | (data[byte + 2] ?? 0);
    const code = (window >> (24 - (at & 7) - width)) & ((1 << width) - 1);
    at += width;
    if (code === END) return true;
    if (code === CLEAR) {
      width = 9;
      known = 258;
    } else if (!afterClear) {
      known++;
      if (known + 1 === 1 << width) width++;
      if (width > 12 && known > 4096) return false;
    }
    afterClear = code === CLEAR;
  }
  return false;
}

/** One to four samples of at most 16 bits, tiles of a sane size. */
function requirePlainPixels(values: ReadonlyMap<number, readonly number[]>): void {
  const samples = values.get(TAGS.samplesPerPixel)?.[0] ?? 1;
  const bits = values.get(TAGS.bitsPerSample) ?? [1];
  const plain = samples >= 1 && samples <= 4 && bits.every((bit) => [1, 2, 4, 8, 16].includes(bit));
  const tiles = [values.get(TAGS.tileWidth), values.get(TAGS.tileLength)];
  if (!plain || tiles.some((side) => side !== undefined && !(side[0]! >= 1 && side[0]! <= 8192))) {
    throw new ImageError("the TIFF file has pixels of a kind that is not read");
  }
}

/** An entry with its values where they are whole numbers (BYTE, SHORT, LONG); `undefined` where they lie outside the file. */
function readEntry(view: DataView, entry: number, little: boolean): { tag: number; values: number[] } | undefined {
  const tag = view.getUint16(entry, little);
  const type = view.getUint16(entry + 2, little);
  const count = view.getUint32(entry + 4, little);
  const width = TYPE_BYTES[type] ?? 0;
  const at = count * width <= 4 ? entry + 8 : view.getUint32(entry + 8, little);
  if (width === 0 || count === 0 || at + count * width > view.byteLength) return undefined;
  if (type !== 1 && type !== 3 && type !== 4) return { tag, values: [] };
  const read = (i: number) =>
    width === 1
      ? view.getUint8(at + i)
      : width === 2
      ? view.getUint16(at + 2 * i, little)
      : view.getUint32(at + 4 * i, little);
  return { tag, values: Array.from({ length: count }, (_, i) => read(i)) };
}
