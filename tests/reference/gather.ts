/**
 * Lookups of rows in float64.
 *
 * @module
 */

/** Sizes of a lookup. */
export interface Lookup {
  readonly rows: number;
  readonly columns: number;
}

/** table[indices[i]], NaN where there is no such row. */
export function gather(table: ArrayLike<number>, options: Lookup & { indices: readonly number[] }): number[] {
  const { rows, columns, indices } = options;
  return indices.flatMap((row) =>
    Array.from({ length: columns }, (_, c) => (row < rows ? table[row * columns + c]! : NaN))
  );
}

/** Sum of the rows of dy with each index. */
export function gatherGradient(
  dy: ArrayLike<number>,
  options: Lookup & { indices: readonly number[] },
): Float64Array {
  const { rows, columns, indices } = options;
  const result = new Float64Array(rows * columns);
  indices.forEach((row, i) => {
    if (row >= rows) return;
    for (let c = 0; c < columns; c++) result[row * columns + c]! += dy[i * columns + c]!;
  });
  return result;
}
