/**
 * Inflates deflate data with a bound on the output size.
 *
 * @module
 */
import { inflateRawSync, inflateSync } from "node:zlib";

/** Why data could not be inflated. */
export type InflateFault = "damaged" | "too long" | "too short";

const MAX_CHUNK = 2 ** 26;

/**
 * Inflates to a known number of bytes and stops as soon as there are more. `DecompressionStream` is unsuitable for
 * untrusted data: it inflates each input chunk completely, so 64 KiB can expand to 64 MiB before the reader can stop.
 *
 * @param options.least minimum number of bytes, default `size`
 * @returns the bytes, or the fault
 */
export function inflateTo(
  data: Uint8Array,
  options: { size: number; least?: number; raw?: boolean },
): Uint8Array | InflateFault {
  const { size, least = size, raw = false } = options;
  let bytes: Uint8Array;
  try {
    const limits = { maxOutputLength: Math.max(1, size), chunkSize: Math.min(MAX_CHUNK, size + 64) };
    bytes = raw ? inflateRawSync(data, limits) : inflateSync(data, limits);
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") return "too long";
    return "damaged";
  }
  if (bytes.length > size) return "too long";
  return bytes.length < least ? "too short" : bytes;
}
