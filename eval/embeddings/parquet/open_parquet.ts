/**
 * Opens tables of embeddings in Apache Parquet, as pandas and pyarrow write them.
 *
 * The reader is our own, because a damaged or hostile file must never take more memory or time than files of its size
 * can: every count is checked against the bytes that there are before anything is allocated or repeated, one page is in
 * memory at a time, and what a file expands to is bounded ({@linkcode WorkBudget}).
 *
 * @module
 */
import { readExactly } from "../../../base/atomic_file.ts";
import type { EmbeddingArray } from "../embedding_array.ts";
import { findIdentifiers, findVectors } from "./choose_columns.ts";
import { footerBytes, PARQUET_SUFFIX_BYTES, parseFooter } from "./footer.ts";
import { damaged, ParquetError } from "./parquet_error.ts";
import { openVectors, pagesOf, type ParquetSource } from "./parquet_array.ts";
import { type Column, listColumns } from "./schema.ts";
import { WorkBudget } from "./work_budget.ts";

/** A table of embeddings. */
export interface ParquetTable {
  readonly rows: number;
  /** Its vectors, by column of lists or by series of columns. */
  readonly arrays: readonly EmbeddingArray[];
  /**
   * Reads the columns of the given names that are there; a null becomes an empty text.
   *
   * @throws {ParquetError} for columns that are damaged or of another type.
   */
  readTexts(names: readonly string[]): Map<string, string[]>;
}

/**
 * Reads the footer and finds the columns.
 *
 * @throws {ParquetError} for a file that is damaged or has no vectors.
 */
export function openParquet({ file, size }: { file: Deno.FsFile; size: number }): ParquetTable {
  const suffix = read(file, {
    at: Math.max(0, size - PARQUET_SUFFIX_BYTES),
    bytes: Math.min(size, PARQUET_SUFFIX_BYTES),
  });
  const bytes = footerBytes(suffix, { fileBytes: size });
  const dataEnd = size - PARQUET_SUFFIX_BYTES - bytes;
  const footer = parseFooter(read(file, { at: dataEnd, bytes }), { dataEnd });
  const source = { file, fileBytes: size, footer };
  const columns = listColumns(footer);
  return {
    rows: footer.rows,
    arrays: findVectors(columns).map((vectors) => openVectors(source, vectors)),
    readTexts: (names) => readTexts(source, findIdentifiers(columns, names)),
  };
}

function readTexts(source: ParquetSource, columns: readonly Column[]): Map<string, string[]> {
  const budget = new WorkBudget(source.fileBytes);
  return new Map(columns.map((column) => {
    const texts: string[] = [];
    for (const group of source.footer.groups.keys()) {
      for (const { entries, definition, values } of pagesOf(source, { column, group, asText: true, budget })) {
        for (let i = 0, next = 0; i < entries; i++) {
          const isThere = definition === undefined || definition[i] === column.maxDefinition;
          texts.push(isThere ? values[next++] as string : "");
        }
      }
    }
    if (texts.length !== source.footer.rows) throw damaged("a column has another number of values than rows");
    return [column.name, texts];
  }));
}

function read(file: Deno.FsFile, { at, bytes }: { at: number; bytes: number }): Uint8Array {
  const into = new Uint8Array(bytes);
  if (!readExactly(file, into, at)) throw new ParquetError("the file became shorter while it was read");
  return into;
}
