/**
 * Decompresses pages.
 *
 * @module
 */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { damaged, ParquetError } from "./parquet_error.ts";
import { decompressSnappy } from "./snappy.ts";

/** Codecs by number. */
const CODECS = ["UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"] as const;

const ZLIB = { GZIP: gunzipSync, BROTLI: brotliDecompressSync, ZSTD: zstdDecompressSync };

/**
 * Decompresses bytes to exactly `size` bytes; never to more, whatever they claim.
 *
 * @throws {ParquetError} for another codec, damaged bytes, and another size.
 */
export function decompress(bytes: Uint8Array, { codec, size }: { codec: number; size: number }): Uint8Array {
  const name = CODECS[codec];
  if (name === "UNCOMPRESSED") {
    if (bytes.length !== size) throw damaged(`a page of ${size} bytes has ${bytes.length}`);
    return bytes;
  }
  // Nothing is not a compressed stream, but some programs write it for a page of nulls.
  if (size === 0 && bytes.length === 0) return bytes;
  if (name === "SNAPPY") return decompressSnappy(bytes, size);
  if (name !== "GZIP" && name !== "BROTLI" && name !== "ZSTD") {
    throw new ParquetError(
      `the Parquet file is compressed by ${
        name ?? "an unknown codec"
      }; write it with snappy, gzip, zstd, brotli or no ` +
        "compression",
    );
  }
  let out: Uint8Array;
  try {
    out = ZLIB[name](bytes, { maxOutputLength: Math.max(1, size) });
  } catch {
    throw damaged("a page cannot be decompressed");
  }
  if (out.length !== size) throw damaged(`a page of ${size} bytes is compressed from ${out.length}`);
  return out;
}
