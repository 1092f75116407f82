/**
 * Decompresses TIFF strips and tiles: LZW, PackBits and deflate.
 *
 * @module
 */
import { inflateTo } from "../codecs/inflate.ts";
import { ImageError } from "../image_error.ts";
import type { TiffCompression } from "./tiff_layout.ts";

const CUT_OFF = "the TIFF data is cut off or damaged";

/**
 * Decompresses a strip or tile to at least `least` and at most `size` bytes. Work and memory are bounded by `size` and
 * the input.
 *
 * @throws {ImageError} for damaged data.
 */
export function decompress(
  data: Uint8Array,
  options: { compression: TiffCompression; least: number; size: number },
): Uint8Array {
  const { compression, least, size } = options;
  if (compression === "none") {
    if (data.length < least) throw new ImageError("the TIFF data is cut off");
    return data;
  }
  if (compression === "deflate") {
    const inflated = inflateTo(data, { size, least });
    if (inflated === "too long") throw new ImageError("the TIFF data inflates to more than its header says");
    if (typeof inflated === "string") throw new ImageError(CUT_OFF);
    return inflated;
  }
  const out = new Uint8Array(size);
  const length = compression === "lzw" ? unpackLzw(data, out) : unpackRuns(data, out);
  if (length < least) throw new ImageError(CUT_OFF);
  return out;
}

/** PackBits (TIFF 6.0, section 9). Returns the number of bytes written. */
function unpackRuns(data: Uint8Array, out: Uint8Array): number {
  let length = 0;
  for (let at = 0; at < data.length && length < out.length;) {
    const code = data[at++]!;
    if (code < 128) {
      const run = data.subarray(at, at + Math.min(code + 1, out.length - length));
      out.set(run, length);
      length += run.length;
      at += code + 1;
    } else if (code > 128) {
      if (at >= data.length) break;
      const run = Math.min(257 - code, out.length - length);
      out.fill(data[at]!, length, length + run);
      length += run;
      at++;
    }
  }
  return length;
}

const CLEAR = 256;
const END = 257;
const MAX_CODES = 4096;

/** LZW (TIFF 6.0, section 13). Returns the number of bytes written, which is too small if the data are damaged. */
function unpackLzw(data: Uint8Array, out: Uint8Array): number {
  if (data[0] === 0 && (data[1]! & 1) === 1) {
    throw new ImageError("the TIFF file is compressed by LZW with reversed bits (before 1992), which is not read");
  }
  // The string of a code is the `lengths[code]` output bytes at `starts[code]`: the previous string plus one byte.
  const starts = new Uint32Array(MAX_CODES);
  const lengths = new Uint32Array(MAX_CODES);
  let length = 0;
  let width = 9;
  let next = END + 1;
  /** Offset of the last string written; -1 after a clear code. */
  let last = -1;
  let lastLength = 0;
  const bits = data.length * 8;
  for (let bit = 0; bit + width <= bits && length < out.length;) {
    const at = bit >> 3;
    const window = (data[at]! << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
    const code = (window >> (24 - (bit & 7) - width)) & ((1 << width) - 1);
    bit += width;
    if (code === END) break;
    if (code === CLEAR) {
      width = 9;
      next = END + 1;
      last = -1;
      continue;
    }
    const start = length;
    if (code < CLEAR) {
      out[length++] = code;
    } else {
      if (last < 0 || code > next) return length;
      // The code being defined is the last string plus its own first byte.
      const from = code === next ? last : starts[code]!;
      const count = Math.min(code === next ? lastLength + 1 : lengths[code]!, out.length - length);
      for (let i = 0; i < count; i++) out[length + i] = out[from + i]!;
      length += count;
    }
    if (last >= 0 && next < MAX_CODES) {
      starts[next] = last;
      lengths[next] = lastLength + 1;
      next++;
      if (next + 1 >= 1 << width && width < 12) width++;
    }
    last = start;
    lastLength = length - start;
  }
  return length;
}
