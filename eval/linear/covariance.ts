/**
 * Means and covariances of rows.
 *
 * @module
 */
import type { Matrix } from "../probes/matrix.ts";

/** First and second moments of the rows of a matrix with n columns. */
export interface Moments {
  /** Mean of each column. */
  readonly mean: Float64Array;
  /** Sample covariance, row-major n x n, divided by the number of rows minus one. */
  readonly covariance: Float64Array;
  /** Number of rows. */
  readonly rows: number;
}

/**
 * Computes the mean and the sample covariance of the rows.
 *
 * @throws RangeError for fewer than two rows, which have no covariance.
 */
export function momentsOf({ values, rows, columns }: Matrix): Moments {
  if (rows < 2) {
    throw new RangeError(`a covariance needs at least two rows, but there ${rows === 1 ? "is 1" : "are 0"}`);
  }
  const mean = new Float64Array(columns);
  for (let i = 0; i < values.length; i++) mean[i % columns]! += values[i]! / rows;
  const covariance = new Float64Array(columns * columns);
  const row = new Float64Array(columns);
  for (let start = 0; start < values.length; start += columns) {
    for (let j = 0; j < columns; j++) row[j] = values[start + j]! - mean[j]!;
    for (let i = 0; i < columns; i++) {
      const scaled = row[i]! / (rows - 1);
      const line = covariance.subarray(i * columns, i * columns + i + 1);
      for (let j = 0; j <= i; j++) line[j]! += scaled * row[j]!;
    }
  }
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j < i; j++) covariance[j * columns + i] = covariance[i * columns + j]!;
  }
  return { mean, covariance, rows };
}
