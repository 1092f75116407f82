/**
 * Decodes the values of a page: numbers to float32, identifiers to text.
 *
 * @module
 */
import { decodeElements, ELEMENT_BYTES, type ElementType } from "../element_type.ts";
import { decodeHybrid } from "./hybrid.ts";
import { damaged, ParquetError } from "./parquet_error.ts";
import type { ColumnType } from "./schema.ts";

/** Decoded values. */
export type Values = Float32Array | string[];

/** How the values of a page are stored. */
export interface StoredValues {
  readonly type: ColumnType;
  /** Number of the encoding. */
  readonly encoding: number;
  /** Number of values, without nulls. */
  readonly count: number;
  /** Whether they are wanted as text. */
  readonly asText: boolean;
  /** Values of the dictionary. */
  readonly dictionary: Values | undefined;
}

/** Types of numbers in embeddings. */
export const FLOAT_TYPES: Readonly<Partial<Record<ColumnType, ElementType>>> = {
  FLOAT16: "f16",
  FLOAT: "f32",
  DOUBLE: "f64",
};

const ENCODINGS = ["PLAIN", "", "PLAIN_DICTIONARY", "RLE", "BIT_PACKED", "DELTA_BINARY_PACKED"] as const;
const [PLAIN, PLAIN_DICTIONARY, RLE_DICTIONARY, BYTE_STREAM_SPLIT] = [0, 2, 8, 9];
const LATER = ["DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY", "RLE_DICTIONARY", "BYTE_STREAM_SPLIT"] as const;
/** Longer than any path. */
const MAX_TEXT_BYTES = 4096;

/**
 * Decodes a page's values.
 *
 * @throws {ParquetError} if there are fewer, or they are encoded in another way.
 */
export function decodeValues(bytes: Uint8Array, stored: StoredValues): Values {
  const { type, encoding, count, asText, dictionary } = stored;
  if (encoding === PLAIN) return decodePlain(bytes, stored);
  if (encoding === BYTE_STREAM_SPLIT && !asText) return decodePlain(joinStreams(bytes, stored), stored);
  if (encoding !== PLAIN_DICTIONARY && encoding !== RLE_DICTIONARY) {
    const name = [...ENCODINGS, ...LATER][encoding] || "an unknown encoding";
    throw new ParquetError(
      `the Parquet file has a column of ${type} in ${name}, which is not read; write it with pandas or pyarrow ` +
        "and their default encodings",
    );
  }
  if (dictionary === undefined) throw damaged("a page has no dictionary");
  const indices = new Uint32Array(count);
  if (count > 0) {
    const width = bytes[0];
    if (width === undefined || width > 32) throw damaged("a page has no width of its indices");
    decodeHybrid(bytes.subarray(1), width, indices);
  }
  return lookUp(dictionary, indices);
}

/** The dictionary's values of these indices. */
function lookUp(dictionary: Values, indices: Uint32Array): Values {
  let largest = -1;
  for (let i = 0; i < indices.length; i++) largest = Math.max(largest, indices[i]!);
  if (largest >= dictionary.length) throw damaged("an index points behind its dictionary");
  if (Array.isArray(dictionary)) return Array.from(indices, (index) => dictionary[index]!);
  const values = new Float32Array(indices.length);
  for (let i = 0; i < indices.length; i++) values[i] = dictionary[indices[i]!]!;
  return values;
}

/** Decodes values that are stored one after the other. */
function decodePlain(bytes: Uint8Array, { type, count, asText }: StoredValues): Values {
  if (asText) return decodeTexts(bytes, { type, count });
  const element = FLOAT_TYPES[type]!;
  requireBytes(bytes, count * ELEMENT_BYTES[element]);
  const values = new Float32Array(count);
  decodeElements(bytes, { type: element, bigEndian: false }, values);
  return values;
}

/** Puts the bytes of each value together, of which the page has all first ones, then all second ones, and so on. */
function joinStreams(bytes: Uint8Array, { type, count }: StoredValues): Uint8Array {
  const width = ELEMENT_BYTES[FLOAT_TYPES[type]!];
  requireBytes(bytes, count * width);
  const joined = new Uint8Array(count * width);
  for (let byte = 0; byte < width; byte++) {
    for (let i = 0; i < count; i++) joined[i * width + byte] = bytes[byte * count + i]!;
  }
  return joined;
}

function decodeTexts(bytes: Uint8Array, { type, count }: Pick<StoredValues, "type" | "count">): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (type !== "BYTE_ARRAY") {
    const width = type === "INT32" ? 4 : 8;
    requireBytes(bytes, count * width);
    return Array.from({ length: count }, (_, i) => {
      if (type === "INT32") return String(view.getInt32(4 * i, true));
      return String(type === "INT64" ? view.getBigInt64(8 * i, true) : view.getFloat64(8 * i, true));
    });
  }
  requireBytes(bytes, 4 * count);
  const decoder = new TextDecoder();
  let at = 0;
  return Array.from({ length: count }, () => {
    requireBytes(bytes, at + 4);
    const length = view.getUint32(at, true);
    requireBytes(bytes, at + 4 + length);
    if (length > MAX_TEXT_BYTES) {
      throw new ParquetError(`an identifier has ${length} bytes; at most ${MAX_TEXT_BYTES} are accepted`);
    }
    at += 4 + length;
    return decoder.decode(bytes.subarray(at - length, at));
  });
}

function requireBytes(bytes: Uint8Array, needed: number): void {
  if (bytes.length < needed) throw damaged("a page has fewer values than it states");
}
