/**
 * The feature matrices of probes.
 *
 * @module
 */

/** A dense row-major matrix with one case per row and one feature per column. */
export interface Matrix {
  /** Values, row-major. */
  readonly values: Float32Array | Float64Array;
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly columns: number;
}

/**
 * Checks that a matrix has the stated size and contains only finite numbers.
 *
 * @param name Name of the matrix in error messages.
 * @throws RangeError naming the row and column of the first NaN or infinite value, or if the size does not match.
 */
export function checkMatrix({ values, rows, columns }: Matrix, name: string): void {
  if (values.length !== rows * columns || columns < 1) {
    throw new RangeError(`${name}: ${rows} rows of ${columns} columns do not make ${values.length} values`);
  }
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      const row = Math.floor(i / columns);
      throw new RangeError(
        `${name}: row ${row}, column ${i % columns} is ${values[i]}; a probe needs finite numbers`,
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
