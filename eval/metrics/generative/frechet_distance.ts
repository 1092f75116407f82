/**
 * The Fréchet distance of two sets of features, each taken as normally distributed (Dowson and Landau, 1982; Heusel et
 * al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", NeurIPS 2017).
 *
 * @module
 */
import { type Moments, momentsOf } from "../../linear/covariance.ts";
import { symmetricEigen } from "../../linear/symmetric_eigen.ts";
import type { Matrix } from "../../probes/matrix.ts";

/**
 * Computes |m1 - m2|^2 + tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2) from the means and covariances of the rows, in
 * float64; the square roots by eigendecomposition, with eigenvalues below zero (rounding) taken as zero.
 *
 * It is biased upwards for few rows: compare only distances between sets of the same sizes, and judge them by that
 * between two sets of real images. With fewer rows than columns, the covariances are singular and the bias is large.
 *
 * @returns A number of at least 0.
 * @throws RangeError for sets with different numbers of columns, or fewer than two rows.
 */
export function frechetDistance(a: Matrix, b: Matrix): number {
  if (a.columns !== b.columns) {
    throw new RangeError(`the sets have ${a.columns} and ${b.columns} features, but the distance needs the same ones`);
  }
  return frechetOfMoments(momentsOf(a), momentsOf(b));
}

/** {@linkcode frechetDistance} of sets whose moments are known. */
export function frechetOfMoments(a: Moments, b: Moments): number {
  const n = a.mean.length;
  const means = a.mean.reduce((sum, value, i) => sum + (value - b.mean[i]!) ** 2, 0);
  const root = squareRoot(a.covariance, n);
  const inner = product(product(root, b.covariance, n), root, n);
  const cross = symmetricEigen(inner, n).values.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
  return Math.max(0, means + trace(a.covariance, n) + trace(b.covariance, n) - 2 * cross);
}

/** The symmetric square root of a positive semidefinite matrix. */
function squareRoot(matrix: Float64Array, n: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, n);
  const scaled = vectors.map((value, i) => value * Math.sqrt(Math.sqrt(Math.max(0, values[Math.floor(i / n)]!))));
  const root = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const row = scaled.subarray(k * n, (k + 1) * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) root[i * n + j]! += row[i]! * row[j]!;
    }
  }
  return root;
}

function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const factor = a[i * n + k]!;
      for (let j = 0; j < n; j++) c[i * n + j]! += factor * b[k * n + j]!;
    }
  }
  return c;
}

function trace(matrix: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += matrix[i * n + i]!;
  return sum;
}
