/**
 * Reads the pages of a column one at a time.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { readExactly } from "../../../base/atomic_file.ts";
import { decodeValues, type Values } from "./decode_values.ts";
import { decompress } from "./decompress.ts";
import type { ColumnChunk } from "./footer.ts";
import { decodeHybrid } from "./hybrid.ts";
import { type PageHeader, parsePageHeader } from "./page_header.ts";
import { damaged, ParquetError } from "./parquet_error.ts";
import type { Column } from "./schema.ts";
import type { WorkBudget } from "./work_budget.ts";

/** The values of a page, with the levels that say where nulls and lists are. */
export interface Page {
  /** Number of entries: values, nulls and empty lists. */
  readonly entries: number;
  /** Per entry, its definition level; `undefined` if none can be null. */
  readonly definition: Uint8Array | undefined;
  /** Per entry, 0 where a row begins; `undefined` if every entry is a row. */
  readonly repetition: Uint8Array | undefined;
  /** The values that are not null. */
  readonly values: Values;
}

/** What {@linkcode readPages} reads. */
export interface PagesToRead {
  readonly file: Deno.FsFile;
  readonly chunk: ColumnChunk;
  readonly column: Column;
  /** Whether values are wanted as text. */
  readonly asText: boolean;
  /** What the work is taken from. */
  readonly budget: WorkBudget;
}

/** Headers with statistics have up to a few thousand bytes. */
const HEADER_BYTES = [2 ** 12, 2 ** 20];
/** Most programs begin a new page at a million bytes. */
const MAX_PAGE_BYTES = 2 ** 28;
const MAX_PAGE_VALUES = 2 ** 26;

/**
 * Reads and decodes the pages of one column in one group of rows.
 *
 * @throws {ParquetError} for pages that are damaged, too large, or have another number of values than the column.
 */
export function* readPages(options: PagesToRead): Generator<Page> {
  const { chunk, column, asText, budget } = options;
  let dictionary: Values | undefined;
  let left = chunk.values;
  for (let at = chunk.start; left > 0;) {
    const header = readHeader(options, at);
    at += header.headerBytes;
    checkSize(header, { at, end: chunk.end });
    budget.take(header.headerBytes + header.compressed + header.uncompressed + 8 * Math.max(0, header.values));
    const bytes = readBytes(options, at, header.compressed);
    at += header.compressed;
    if (header.crc !== undefined && crc32(bytes) !== header.crc) throw damaged("a page has another checksum");
    if (header.kind === "index") continue;
    if (header.kind === "dictionary") {
      if (dictionary !== undefined) throw damaged("a column has two dictionaries");
      const plain = decompress(bytes, { codec: chunk.codec, size: header.uncompressed });
      const stored = { type: column.type, encoding: 0, count: header.values, asText, dictionary: undefined };
      dictionary = decodeValues(plain, stored);
      continue;
    }
    if (header.values > left) throw damaged("the pages of a column have more values than it states");
    left -= header.values;
    yield decodePage(bytes, header, { ...options, dictionary });
  }
}

function checkSize(header: PageHeader, { at, end }: { at: number; end: number }): void {
  if (at + header.compressed > end) throw damaged("a page is longer than its column");
  if (Math.max(header.uncompressed, header.compressed) > MAX_PAGE_BYTES || header.values > MAX_PAGE_VALUES) {
    throw new ParquetError(
      `the Parquet file has a page of ${header.uncompressed} bytes and ${header.values} values, but at most ` +
        `${MAX_PAGE_BYTES} and ${MAX_PAGE_VALUES} are read; write it with smaller pages`,
    );
  }
}

function readHeader(options: PagesToRead, at: number): PageHeader {
  const rest = options.chunk.end - at;
  if (rest <= 0) throw damaged("the pages of a column have fewer values than it states");
  const sizes = HEADER_BYTES.filter((_, i) => i === 0 || rest > HEADER_BYTES[i - 1]!);
  for (const [i, size] of sizes.entries()) {
    try {
      return parsePageHeader(readBytes(options, at, Math.min(size, rest)));
    } catch (error) {
      if (i === sizes.length - 1 || !(error instanceof ParquetError)) throw error;
    }
  }
  throw damaged("a page has no header");
}

function readBytes({ file, budget }: PagesToRead, at: number, count: number): Uint8Array {
  budget.take(count);
  const bytes = new Uint8Array(count);
  if (!readExactly(file, bytes, at)) throw new ParquetError("the file became shorter while it was read");
  return bytes;
}

/** Separates levels from values and decodes both. */
function decodePage(
  bytes: Uint8Array,
  header: PageHeader,
  { chunk, column, asText, dictionary }: PagesToRead & { dictionary: Values | undefined },
): Page {
  const { values: entries, encoding, uncompressed } = header;
  if (!header.hasHybridLevels) throw new ParquetError("the Parquet file has levels in BIT_PACKED, which is not read");
  const isV2 = header.kind === "data v2";
  const levelBytes = isV2 ? header.repetitionBytes + header.definitionBytes : 0;
  if (levelBytes > Math.min(bytes.length, uncompressed)) throw damaged("the levels of a page are longer than it");
  const isPlain = isV2 && !header.isCompressed;
  let rest = decompress(bytes.subarray(levelBytes), {
    codec: isPlain ? 0 : chunk.codec,
    size: uncompressed - levelBytes,
  });
  const levels = (width: number, v2: Uint8Array): Uint8Array | undefined => {
    if (width === 0) return undefined;
    const into = new Uint8Array(entries);
    let encoded = v2;
    if (!isV2) {
      const length = rest.length < 4 ? Infinity : new DataView(rest.buffer, rest.byteOffset).getUint32(0, true);
      if (length > rest.length - 4) throw damaged("the levels of a page are longer than it");
      encoded = rest.subarray(4, 4 + length);
      rest = rest.subarray(4 + length);
    }
    decodeHybrid(encoded, width, into);
    return into;
  };
  const repetition = levels(column.shape === "list" ? 1 : 0, bytes.subarray(0, header.repetitionBytes));
  const { maxDefinition } = column;
  const definition = levels(32 - Math.clz32(maxDefinition), bytes.subarray(header.repetitionBytes, levelBytes));
  const count = definition === undefined ? entries : countDefined(definition, maxDefinition);
  const values = decodeValues(rest, { type: column.type, encoding, count, asText, dictionary });
  return { entries, definition, repetition, values };
}

/** Counts the values that are there. */
function countDefined(definition: Uint8Array, maxDefinition: number): number {
  let count = 0;
  for (let i = 0; i < definition.length; i++) {
    if (definition[i]! > maxDefinition) throw damaged("a value is defined more deeply than its column");
    if (definition[i] === maxDefinition) count++;
  }
  return count;
}
