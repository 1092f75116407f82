/**
 * Leading eigenvectors of a large positive semidefinite matrix that is known only by its products, by randomised
 * subspace iteration (Halko, Martinsson and Tropp, "Finding structure with randomness", SIAM Review 2011, algorithm
 * 4.4) and the Rayleigh-Ritz method.
 *
 * @module
 */
import { FastRandom } from "../../base/random.ts";
import { symmetricEigen } from "./symmetric_eigen.ts";

/** Vectors beyond the wanted ones, which speed up convergence. */
const OVERSAMPLING = 10;

/** Options of {@linkcode principalSubspace}. */
export interface SubspaceOptions {
  /** Size of the matrix. */
  readonly size: number;
  /** Number of eigenvectors wanted; at most `size` are returned. */
  readonly count: number;
  /** Multiplications by the matrix, the last of which serves the Rayleigh-Ritz step; 5 by default. */
  readonly rounds?: number;
  /** Seed of the initial vectors; 0 by default. */
  readonly seed?: number;
}

/** Eigenpairs in descending order. */
export interface PrincipalSubspace {
  /** Eigenvalues. */
  readonly values: Float64Array;
  /** Row-major, `count x size`: one orthonormal eigenvector a row. */
  readonly vectors: Float64Array;
}

/**
 * Finds the leading eigenvectors of a symmetric positive semidefinite matrix.
 *
 * @param multiply Returns the matrix times each of some vectors, which are the rows of a row-major matrix of `size`
 * columns.
 * @throws RangeError for a size, count or number of rounds below one.
 */
export async function principalSubspace(
  multiply: (vectors: Float64Array) => Promise<Float64Array> | Float64Array,
  { size, count, rounds = 5, seed = 0 }: SubspaceOptions,
): Promise<PrincipalSubspace> {
  for (const [name, value] of Object.entries({ size, count, rounds })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`the ${name} of a subspace must be at least 1, not ${value}`);
    }
  }
  const wanted = Math.min(count, size);
  const width = Math.min(size, count + OVERSAMPLING);
  const random = new FastRandom(seed, 2);
  let basis = orthonormalized(Float64Array.from({ length: width * size }, () => random.uniform() - 0.5), size);
  let image = await multiply(basis);
  for (let round = 1; round < rounds; round++) {
    basis = orthonormalized(image, size);
    image = await multiply(basis);
  }
  const projected = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < width; j++) projected[i * width + j] = dot(rowOf(basis, i, size), rowOf(image, j, size));
  }
  const { values, vectors } = symmetricEigen(projected, width);
  const found = new Float64Array(wanted * size);
  for (let k = 0; k < wanted; k++) {
    const into = rowOf(found, k, size);
    for (let i = 0; i < width; i++) addScaled(into, rowOf(basis, i, size), vectors[k * width + i]!);
  }
  return { values: values.slice(0, wanted), vectors: found };
}

/**
 * Orthonormal rows that span the same space, by Gram-Schmidt orthogonalisation performed twice. A row that depends on
 * the ones before it becomes zero.
 */
export function orthonormalized(rows: Float64Array, size: number): Float64Array {
  const basis = rows.slice();
  const count = rows.length / size;
  for (let i = 0; i < count; i++) {
    const row = rowOf(basis, i, size);
    const length = Math.sqrt(dot(row, row));
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const other = rowOf(basis, j, size);
        addScaled(row, other, -dot(row, other));
      }
    }
    const left = Math.sqrt(dot(row, row));
    // Rounding noise is no direction.
    const scale = left > 1e-10 * length ? 1 / left : 0;
    for (let k = 0; k < size; k++) row[k]! *= scale;
  }
  return basis;
}

function rowOf(rows: Float64Array, i: number, size: number): Float64Array {
  return rows.subarray(i * size, (i + 1) * size);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addScaled(into: Float64Array, from: Float64Array, scale: number): void {
  for (let i = 0; i < into.length; i++) into[i]! += scale * from[i]!;
}
