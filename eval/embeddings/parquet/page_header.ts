/**
 * The header of a page, the unit in which the values of a column are encoded and compressed.
 *
 * @module
 */
import { damaged } from "./parquet_error.ts";
import { ThriftReader } from "./thrift.ts";

/** A header. */
export interface PageHeader {
  readonly kind: "dictionary" | "data" | "data v2" | "index";
  /** Bytes of the header itself. */
  readonly headerBytes: number;
  /** Bytes of the page behind it. */
  readonly compressed: number;
  readonly uncompressed: number;
  /** Number of values, including nulls. */
  readonly values: number;
  /** Number of the encoding. */
  readonly encoding: number;
  /** Whether the levels are encoded in the only way that is still written. */
  readonly hasHybridLevels: boolean;
  /** Version 2: bytes of the levels, which are not compressed. */
  readonly definitionBytes: number;
  readonly repetitionBytes: number;
  /** Version 2: whether the values are compressed. */
  readonly isCompressed: boolean;
  /** Checksum of the page. */
  readonly crc: number | undefined;
}

/** RLE, the encoding of levels. */
const HYBRID = 3;
const KINDS = ["data", "index", "dictionary", "data v2"] as const;

/**
 * Parses a header.
 *
 * @param bytes Bytes from the header's first one on.
 * @throws {ParquetError} for a header that is damaged or goes on behind these bytes.
 */
export function parsePageHeader(bytes: Uint8Array): PageHeader {
  const reader = new ThriftReader(bytes);
  let [kind, compressed, uncompressed, values, encoding] = [-1, -1, -1, -1, -1];
  let [definitionBytes, repetitionBytes, isCompressed, hasHybridLevels] = [0, 0, true, true];
  let crc: number | undefined;
  reader.struct((field) => {
    if (field === 1) return kind = reader.count();
    if (field === 2) return uncompressed = reader.count();
    if (field === 3) return compressed = reader.count();
    if (field === 4) return crc = reader.integer() >>> 0;
    const [isV1, isV2] = [field === 5, field === 8];
    if (!isV1 && !isV2 && field !== 7) return false;
    return reader.struct((field) => {
      if (field === 1) return values = reader.count();
      if (field === (isV2 ? 4 : 2)) return encoding = reader.count();
      if (isV1 && (field === 3 || field === 4)) return void (hasHybridLevels &&= reader.count() === HYBRID);
      if (isV2 && field === 5) return definitionBytes = reader.count();
      if (isV2 && field === 6) return repetitionBytes = reader.count();
      return isV2 && field === 7 ? void (isCompressed = reader.boolean()) : false;
    });
  });
  const name = KINDS[kind];
  if (name === undefined || compressed < 0 || uncompressed < 0) throw damaged("the header of a page lacks a field");
  if (name !== "index" && Math.min(values, encoding) < 0) throw damaged("the header of a page lacks a field");
  return {
    kind: name,
    headerBytes: reader.at,
    compressed,
    uncompressed,
    values,
    encoding,
    hasHybridLevels,
    definitionBytes,
    repetitionBytes,
    isCompressed,
    crc,
  };
}
