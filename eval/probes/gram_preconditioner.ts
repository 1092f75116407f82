/**
 * A preconditioner for logistic regression: the Cholesky factor of the Hessian at zero.
 *
 * At zero every case has the same weight, so that the Hessian is a multiple of [X 1]' [X 1] plus the penalty. The
 * product is computed once per feature matrix and shared by all labels; a sample of the rows approximates it well
 * enough.
 *
 * @module
 */
import type { Matrix } from "./matrix.ts";

/** [X 1]' [X 1] over a sample of rows, scaled to all rows; only its diagonal if there are many columns. */
export interface Gram {
  /** Number of columns, including the intercept's. */
  readonly size: number;
  /** Row-major `size x size` with the lower triangle filled; if `diagonal`, the `size` diagonal entries. */
  readonly values: Float64Array;
  /** Whether only the diagonal is stored. */
  readonly diagonal: boolean;
  /** Number of rows. */
  readonly rows: number;
}

/** Columns above which factorisation costs more than it saves and only the diagonal is used. */
const MAX_FACTORED_COLUMNS = 1024;

/** Number of rows to sample: enough for a well-conditioned product. */
function sampledRows({ rows, columns }: Matrix): number {
  return Math.min(rows, Math.max(4096, 8 * columns));
}

/** Adds one block's products to the lower triangle; `block` is column-major. */
function addBlock(gram: Float64Array, block: Float64Array, { size, height }: { size: number; height: number }): void {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j += 2) {
      // Two columns at a time, so that each load of column i is used twice; the second may lie past the diagonal.
      let first = 0;
      let second = 0;
      for (let r = 0, a = i * height, b = j * height; r < height; r++, a++, b++) {
        const x = block[a]!;
        first += x * block[b]!;
        second += x * block[b + height]!;
      }
      gram[i * size + j]! += first;
      if (j + 1 <= i) gram[i * size + j + 1]! += second;
    }
  }
}

/** Computes the Gram matrix of a feature matrix with a column of ones appended. */
export function gramMatrix(features: Matrix): Gram {
  const { values, rows, columns } = features;
  const size = columns + 1;
  const sample = sampledRows(features);
  const scale = rows / sample;
  const rowOf = (i: number) => Math.floor(i * scale);
  if (columns > MAX_FACTORED_COLUMNS) {
    const diagonal = new Float64Array(size);
    for (let i = 0; i < sample; i++) {
      const start = rowOf(i) * columns;
      for (let j = 0; j < columns; j++) diagonal[j]! += scale * values[start + j]! ** 2;
    }
    diagonal[columns] = rows;
    return { size, values: diagonal, diagonal: true, rows };
  }
  const gram = new Float64Array(size * size);
  const height = 64;
  // A spare column keeps the paired loads of addBlock() in range.
  const block = new Float64Array((size + 1) * height);
  for (let first = 0; first < sample; first += height) {
    block.fill(0);
    for (let r = 0; r < Math.min(height, sample - first); r++) {
      const start = rowOf(first + r) * columns;
      for (let j = 0; j < columns; j++) block[j * height + r] = values[start + j]!;
      block[columns * height + r] = 1;
    }
    addBlock(gram, block, { size, height });
  }
  for (let i = 0; i < gram.length; i++) gram[i]! *= scale;
  return { size, values: gram, diagonal: false, rows };
}

/** Lower Cholesky factor of a symmetric positive definite matrix given by its lower triangle. */
function cholesky(matrix: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * size + k]! * factor[j * size + k]!;
      // The penalty keeps pivots at 1 or more, except the intercept's, which rounding could make negative.
      factor[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / factor[j * size + j]!;
    }
  }
  return factor;
}

/** Writes an approximate solution for the `size` entries starting at `offset`. */
export type Solve = (residual: Float64Array, solution: Float64Array, offset: number) => void;

/**
 * Factors `weight` x Gram + identity (the identity without the intercept's entry) and returns its solver.
 *
 * @param weight Mean curvature of a case's loss, times C.
 */
export function factorGram(gram: Gram, weight: number): Solve {
  const { size } = gram;
  const penalty = (i: number) => i === size - 1 ? 0 : 1;
  if (gram.diagonal) {
    const inverse = gram.values.map((value, i) => 1 / (weight * value + penalty(i)));
    return (residual, solution, offset) => {
      for (let i = 0; i < size; i++) solution[offset + i] = residual[offset + i]! * inverse[i]!;
    };
  }
  const matrix = gram.values.map((value) => weight * value);
  for (let i = 0; i < size; i++) matrix[i * size + i]! += penalty(i);
  const factor = cholesky(matrix, size);
  return (residual, solution, offset) => {
    for (let i = 0; i < size; i++) {
      let sum = residual[offset + i]!;
      for (let k = 0; k < i; k++) sum -= factor[i * size + k]! * solution[offset + k]!;
      solution[offset + i] = sum / factor[i * size + i]!;
    }
    // Back substitution by columns of the transpose, which are contiguous rows of the factor.
    for (let i = size - 1; i >= 0; i--) {
      const value = solution[offset + i]! / factor[i * size + i]!;
      solution[offset + i] = value;
      for (let k = 0; k < i; k++) solution[offset + k]! -= value * factor[i * size + k]!;
    }
  };
}
