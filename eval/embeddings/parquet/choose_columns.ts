/**
 * Finds the vectors and identifiers among the columns of a table.
 *
 * @module
 */
import { quoted } from "../../../base/safe_path.ts";
import { FLOAT_TYPES } from "./decode_values.ts";
import { ParquetError } from "./parquet_error.ts";
import type { Column } from "./schema.ts";

/** The columns of an array of vectors: one of lists, or one for each dimension. */
export interface VectorColumns {
  /** Name of the column of lists, or what the names of the others begin with. */
  readonly name: string;
  readonly columns: readonly [Column, ...Column[]];
}

/**
 * Finds all columns of lists of floats, and all series of columns of floats whose names end in 0, 1, 2, ... or
 * 1, 2, 3, ... Other columns are ignored.
 *
 * @throws {ParquetError} if there are none.
 */
export function findVectors(columns: readonly Column[]): VectorColumns[] {
  const series = numberedSeries(columns);
  const lists = columns.filter(({ shape }) => shape === "list").map((column): VectorColumns => ({
    name: column.name,
    columns: [column],
  }));
  const candidates = [...lists, ...series];
  const vectors = candidates.filter(({ columns }) => columns.some(isFloat));
  const whole = vectors.length > 0 ? vectors : candidates;
  for (const { columns } of whole) {
    const other = columns.find((column) => !isFloat(column));
    if (other === undefined) continue;
    throw new ParquetError(
      `the column ${quoted(other.name)} has the type ${other.type}; embeddings must be FLOAT16, FLOAT or DOUBLE ` +
        '(`.astype("float32")`)',
    );
  }
  if (vectors.length > 0) return vectors;
  throw new ParquetError(
    "no column holds vectors; write a column of lists of floats, or columns of floats whose names end in 0, 1, 2 and " +
      "so on",
  );
}

/** Columns of one value per row whose names differ in a number at the end, if these count from 0 or 1. */
function numberedSeries(columns: readonly Column[]): VectorColumns[] {
  const byPrefix = new Map<string, Map<number, Column>>();
  const repeated = new Set<string>();
  for (const column of columns) {
    const match = column.shape === "flat" ? /^(.*?)[\s_.-]*(\d{1,9})$/s.exec(column.name) : null;
    if (match === null) continue;
    const [prefix, number] = [match[1]!, Number(match[2])];
    const found = byPrefix.get(prefix) ?? new Map<number, Column>();
    byPrefix.set(prefix, found);
    if (found.has(number)) repeated.add(prefix);
    found.set(number, column);
  }
  return [...byPrefix].flatMap(([name, found]): VectorColumns[] => {
    const numbers = [...found.keys()].sort((a, b) => a - b);
    const counts = numbers[0]! <= 1 && numbers.every((number, i) => number === numbers[0]! + i);
    if (!counts || repeated.has(name)) return [];
    const [first, ...others] = numbers.map((number) => found.get(number)!);
    return [{ name, columns: [first!, ...others] }];
  });
}

/**
 * Finds the columns of the given names, whatever their case.
 *
 * @throws {ParquetError} for one of these that is neither text nor numbers without rounding.
 */
export function findIdentifiers(columns: readonly Column[], names: readonly string[]): Column[] {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  return columns.filter(({ name, shape, type }) => {
    if (shape !== "flat" || !wanted.has(name.toLowerCase())) return false;
    if (type === "BYTE_ARRAY" || type === "INT32" || type === "INT64" || type === "DOUBLE") return true;
    throw new ParquetError(
      `the column ${quoted(name)} has the type ${type}; identifiers must be text or integers (\`.astype(str)\`)`,
    );
  });
}

function isFloat({ type }: Column): boolean {
  return FLOAT_TYPES[type] !== undefined;
}
