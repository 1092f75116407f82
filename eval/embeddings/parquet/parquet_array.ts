/**
 * Vectors in a Parquet file.
 *
 * @module
 */
import { quoted } from "../../../base/safe_path.ts";
import type { EmbeddingArray } from "../embedding_array.ts";
import type { VectorColumns } from "./choose_columns.ts";
import type { Footer } from "./footer.ts";
import { damaged, ParquetError } from "./parquet_error.ts";
import { type Page, readPages } from "./read_pages.ts";
import type { Column } from "./schema.ts";
import { WorkBudget } from "./work_budget.ts";

/** An open Parquet file. */
export interface ParquetSource {
  readonly file: Deno.FsFile;
  readonly fileBytes: number;
  readonly footer: Footer;
}

/** Reads the pages of a column in a group of rows, numbers as float32. */
export function pagesOf(
  { file, footer }: ParquetSource,
  { column, group, asText, budget }: { column: Column; group: number; asText: boolean; budget: WorkBudget },
): Generator<Page> {
  const chunk = footer.groups[group]!.columns[column.index]!;
  if (column.shape === "flat" && chunk.values !== footer.groups[group]!.rows) {
    throw damaged(`the column ${quoted(column.name)} has another number of values than rows`);
  }
  return readPages({ file, chunk, column, asText, budget });
}

/**
 * Opens an array of vectors.
 *
 * @throws {ParquetError} if the length of its lists cannot be read.
 */
export function openVectors(source: ParquetSource, { name, columns }: VectorColumns): EmbeddingArray {
  const { rows } = source.footer;
  const [first] = columns;
  if (first.shape === "flat") {
    return { name, rows, dimension: columns.length, gather: settled(gatherColumns, { source, columns }) };
  }
  const dimension = firstLength(source, first);
  return { name, rows, dimension, gather: settled(gatherLists, { source, column: first, dimension }) };
}

type Gather<Options> = (options: Options & { slots: Int32Array; into: Float32Array }) => void;

function settled<Options>(gather: Gather<Options>, options: Options): EmbeddingArray["gather"] {
  // deno-lint-ignore require-await -- errors reject the promise
  return async (slots, into) => gather({ ...options, slots, into });
}

/** Every column is one dimension of all rows; a null, as pandas writes NaN, becomes NaN. */
function gatherColumns(
  { source, columns, slots, into }: {
    source: ParquetSource;
    columns: readonly Column[];
    slots: Int32Array;
    into: Float32Array;
  },
): void {
  const budget = new WorkBudget(source.fileBytes);
  const dimension = columns.length;
  for (const [d, column] of columns.entries()) {
    let row = 0;
    for (const group of source.footer.groups.keys()) {
      for (const { entries, definition, values } of pagesOf(source, { column, group, asText: false, budget })) {
        for (let i = 0, next = 0; i < entries; i++, row++) {
          const isThere = definition === undefined || definition[i] === column.maxDefinition;
          const value = isThere ? values[next++] as number : NaN;
          if (slots[row]! >= 0) into[slots[row]! * dimension + d] = value;
        }
      }
    }
  }
}

/** Every row is a list; a null or empty list becomes NaN, which is refused where a pair needs it. */
function gatherLists(
  { source, column, dimension, slots, into }: {
    source: ParquetSource;
    column: Column;
    dimension: number;
    slots: Int32Array;
    into: Float32Array;
  },
): void {
  const budget = new WorkBudget(source.fileBytes);
  let [row, length] = [-1, 0];
  const endRow = () => {
    if (row >= 0 && length === 0 && slots[row]! >= 0) {
      into.fill(NaN, slots[row]! * dimension, (slots[row]! + 1) * dimension);
    }
    if (row >= 0 && length > 0 && length !== dimension) {
      throw new ParquetError(
        `row ${row} of the column ${
          quoted(column.name)
        } has ${length} numbers, but the first has ${dimension}; every ` +
          "row needs as many",
      );
    }
  };
  let end = 0;
  for (const [group, { rows }] of source.footer.groups.entries()) {
    end += rows;
    for (const page of pagesOf(source, { column, group, asText: false, budget })) {
      let next = 0;
      for (let i = 0; i < page.entries; i++) {
        if (page.repetition![i] === 0) {
          endRow();
          length = 0;
          if (++row >= end) throw damaged("a column of lists has more rows than its group");
        } else if (row < end - rows) throw damaged("a list begins before its group of rows");
        const level = page.definition![i]!;
        if (level < column.elementDefinition) continue;
        const value = level === column.maxDefinition ? page.values[next++] as number : NaN;
        if (slots[row]! >= 0 && length < dimension) into[slots[row]! * dimension + length] = value;
        length++;
      }
    }
    if (row !== end - 1) throw damaged("a column of lists has fewer rows than its group");
  }
  endRow();
}

/** The length of the first list that is not empty; 0 if all are. */
function firstLength(source: ParquetSource, column: Column): number {
  const budget = new WorkBudget(source.fileBytes);
  let length = 0;
  for (const group of source.footer.groups.keys()) {
    for (const { entries, repetition, definition } of pagesOf(source, { column, group, asText: false, budget })) {
      for (let i = 0; i < entries; i++) {
        if (repetition![i] === 0 && length > 0) return length;
        if (definition![i]! >= column.elementDefinition) length++;
      }
    }
  }
  return length;
}
