/**
 * Inflates the members of zip archives with a bound on the output size.
 *
 * @module
 */
import { inflateRawSync } from "node:zlib";

/** Why data could not be inflated. */
export type InflateFault = "damaged" | "too long" | "too short";

const MAX_CHUNK = 2 ** 26;

/**
 * Inflates to a known number of bytes and stops as soon as there are more. `DecompressionStream` is unsuitable for
 * untrusted data: it inflates each input chunk completely, so 64 KiB can expand to 64 MiB before the reader can stop.
 * (Images have an inflater of their own, `data/image/codecs/inflate.ts`, which runs in browsers; this one is faster.)
 *
 * @returns the bytes, or the fault
 */
export function inflateMember(data: Uint8Array, { size }: { size: number }): Uint8Array | InflateFault {
  let bytes: Uint8Array;
  try {
    bytes = inflateRawSync(data, { maxOutputLength: Math.max(1, size), chunkSize: Math.min(MAX_CHUNK, size + 64) });
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") return "too long";
    return "damaged";
  }
  if (bytes.length > size) return "too long";
  return bytes.length < size ? "too short" : bytes;
}
