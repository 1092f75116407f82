import { inflateRawSync, inflateSync } from "node:zlib";

/** Why data did not inflate. */
export type InflateFault = "damaged" | "too long" | "too short";

const MAX_CHUNK = 2 ** 26;

/**
 * Inflates to a known number of bytes, and stops as soon as there are more. `DecompressionStream` is not used on foreign data: it
 * inflates each piece of its input whole, so that 64 KiB become 64 MiB before the reader can stop.
 *
 * @param options.least fewest bytes that will do, default `size`
 * @returns the bytes, or what is wrong
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
