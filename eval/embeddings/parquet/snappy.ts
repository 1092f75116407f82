/**
 * Snappy, in which pandas compresses Parquet files by default.
 *
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 * @module
 */
import { damaged } from "./parquet_error.ts";

/**
 * Decompresses a block.
 *
 * @param size Bytes that it must decompress to; no more are allocated, and no more work is done than for them.
 * @throws {ParquetError} if it is damaged or decompresses to another number of bytes.
 */
export function decompressSnappy(bytes: Uint8Array, size: number): Uint8Array {
  let at = 0;
  let stated = 0;
  for (let scale = 1;; scale *= 128) {
    const byte = bytes[at++];
    if (byte === undefined || scale > 2 ** 28) throw damaged("a page lacks its length");
    stated += (byte & 127) * scale;
    if (byte < 128) break;
  }
  if (stated !== size) throw damaged(`a page of ${size} bytes is compressed from ${stated}`);
  const out = new Uint8Array(size);
  let done = 0;
  while (at < bytes.length) {
    const tag = bytes[at++]!;
    const extra = extraBytes(tag);
    if (at + extra > bytes.length) break;
    let word = 0;
    for (let i = 0; i < extra; i++) word += bytes[at++]! * 2 ** (8 * i);
    if ((tag & 3) === 0) {
      const length = (extra > 0 ? word : tag >> 2) + 1;
      if (length > bytes.length - at || length > size - done) break;
      out.set(bytes.subarray(at, at + length), done);
      at += length;
      done += length;
      continue;
    }
    const [length, offset] = (tag & 3) === 1 ? [(tag >> 2 & 7) + 4, (tag >> 5) * 256 + word] : [(tag >> 2) + 1, word];
    if (offset === 0 || offset > done || length > size - done) break;
    // What is copied may overlap its copy.
    for (let i = 0; i < length; i++, done++) out[done] = out[done - offset]!;
  }
  if (done !== size || at !== bytes.length) throw damaged("a page cannot be decompressed");
  return out;
}

/** Bytes behind an element's first one that say its length or offset. */
function extraBytes(tag: number): number {
  const kind = tag & 3;
  if (kind === 0) return Math.max(0, (tag >> 2) - 59);
  return kind === 3 ? 4 : kind;
}
