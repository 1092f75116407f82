/**
 * The feature matrices of probes.
 *
 * @module
 */

/** A dense matrix, row-major: one case a row, one feature a column. */
export interface Matrix {
  readonly values: Float32Array | Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Checks that a matrix has the size it says and holds finite numbers only.
 *
 * @param name What the matrix is, for the message.
 * @throws RangeError naming the first row and column that are NaN or infinite, or a size that does not fit.
 */
export function checkMatrix({ values, rows, columns }: Matrix, name: string): void {
  if (values.length !== rows * columns || columns < 1) {
    throw new RangeError(`${name}: ${rows} rows of ${columns} columns do not make ${values.length} values.`);
  }
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      const row = Math.floor(i / columns);
      throw new RangeError(
        `${name}: row ${row}, column ${i % columns} is ${values[i]}; a probe needs finite numbers.`,
      );
    }
  }
}

/** The matrix that consists of the given rows. */
export function takeRows({ values, columns }: Matrix, rows: ArrayLike<number>): Matrix {
  const taken = new (values instanceof Float32Array ? Float32Array : Float64Array)(rows.length * columns);
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i]! * columns;
    taken.set(values.subarray(start, start + columns), i * columns);
  }
  return { values: taken, rows: rows.length, columns };
}
