/**
 * Parquet's hybrid of run lengths and packed bits, in which levels and indices into dictionaries are stored.
 *
 * @see https://parquet.apache.org/docs/file-format/data-pages/encodings/
 * @module
 */
import { damaged } from "./parquet_error.ts";

/**
 * Decodes numbers of `width` bits. Runs that claim more than `into` holds are cut to it, so that time is bounded by the
 * bytes and by `into`.
 *
 * @param width Bits of a number, 0 to 32.
 * @param into Receives as many numbers as it has elements.
 * @throws {ParquetError} if the bytes hold fewer.
 */
export function decodeHybrid(bytes: Uint8Array, width: number, into: Uint8Array | Uint32Array): void {
  const runBytes = Math.ceil(width / 8);
  let at = 0;
  for (let done = 0; done < into.length;) {
    let [head, shift] = [0, 0];
    for (;; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 28) throw damaged("a run of its levels or indices is cut off");
      head += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    const rest = into.length - done;
    if (head % 2 === 1) {
      const count = Math.min(rest, (head - 1) / 2 * 8);
      unpack(bytes.subarray(at), width, into.subarray(done, done + count));
      at += (head - 1) / 2 * width;
      done += count;
      continue;
    }
    if (at + runBytes > bytes.length) throw damaged("a run of its levels or indices is cut off");
    let value = 0;
    for (let i = 0; i < runBytes; i++) value += bytes[at++]! * 2 ** (8 * i);
    const count = Math.min(rest, head / 2);
    into.fill(value, done, done + count);
    done += count;
  }
}

/** Unpacks numbers, the least significant bits of which come first. */
function unpack(bytes: Uint8Array, width: number, into: Uint8Array | Uint32Array): void {
  if (Math.ceil(into.length * width / 8) > bytes.length) throw damaged("its packed levels or indices are cut off");
  // Up to seven bits are left when 32 more are needed, beyond what bit operators hold.
  let [held, bits, at] = [0, 0, 0];
  const range = 2 ** width;
  for (let i = 0; i < into.length; i++) {
    for (; bits < width; bits += 8) held += bytes[at++]! * 2 ** bits;
    into[i] = held % range;
    held = Math.floor(held / range);
    bits -= width;
  }
}
