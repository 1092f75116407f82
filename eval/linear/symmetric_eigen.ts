/**
 * Eigendecomposition of real symmetric matrices: Householder reduction to tridiagonal form, then the implicit QL
 * method (Bowdler, Martin, Reinsch and Wilkinson, 1968; EISPACK's tred2 and tql2).
 *
 * @module
 */

/** Eigenvalues and eigenvectors of a symmetric matrix of size n. */
export interface SymmetricEigen {
  /** Eigenvalues in descending order. */
  readonly values: Float64Array;
  /** Row-major n x n: row k is the unit eigenvector of eigenvalue k. */
  readonly vectors: Float64Array;
}

/** QL steps allowed for each eigenvalue; two are typical. */
const MOST_STEPS = 60;

/** Entries below this share of the largest are taken as zero. */
const NEGLIGIBLE = 1e-100;

/**
 * Decomposes a symmetric matrix in O(n^3), in float64.
 *
 * @param matrix Row-major n x n; only its symmetric part (A + A') / 2 counts.
 * @throws RangeError if the matrix is not n x n, or contains a number that is not finite.
 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number): SymmetricEigen {
  if (!Number.isInteger(n) || n < 1 || matrix.length !== n * n) {
    throw new RangeError(`a matrix of size ${n} needs ${n * n} values, not ${matrix.length}`);
  }
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      v[i * n + j] = (matrix[i * n + j]! + matrix[j * n + i]!) / 2;
      if (!Number.isFinite(v[i * n + j]!)) {
        throw new RangeError(`row ${i}, column ${j} of the matrix is not finite, so it has no eigenvalues`);
      }
    }
  }
  // Scaled, so that no square underflows; entries far below the largest are below its rounding.
  const size = v.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  for (let i = 0; i < v.length; i++) v[i] = Math.abs(v[i]! / size) < NEGLIGIBLE ? 0 : v[i]! / size;
  const work = { n, v, d: new Float64Array(n), e: new Float64Array(n) };
  tridiagonalize(work);
  accumulate(work);
  diagonalize(work);
  const order = Array.from({ length: n }, (_, k) => k).sort((a, b) => work.d[b]! - work.d[a]!);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    // `diagonalize()` holds eigenvectors as rows.
    vectors.set(v.subarray(from * n, (from + 1) * n), to * n);
  });
  return { values: Float64Array.from(order, (k) => work.d[k]! * size), vectors };
}

/** The working state: matrix v, diagonal d and subdiagonal e of its tridiagonal form. */
interface Work {
  readonly n: number;
  readonly v: Float64Array;
  readonly d: Float64Array;
  readonly e: Float64Array;
}

/** Reduces v to tridiagonal form, keeping the Householder vectors in v. */
function tridiagonalize({ n, v, d, e }: Work): void {
  for (let j = 0; j < n; j++) d[j] = v[(n - 1) * n + j]!;
  for (let i = n - 1; i > 0; i--) {
    let scale = 0;
    let h = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(d[k]!);
    if (scale === 0) {
      e[i] = d[i - 1]!;
      for (let j = 0; j < i; j++) {
        d[j] = v[(i - 1) * n + j]!;
        v[i * n + j] = v[j * n + i] = 0;
      }
    } else {
      for (let k = 0; k < i; k++) h += (d[k]! /= scale) ** 2;
      const f = d[i - 1]!;
      const g = f > 0 ? -Math.sqrt(h) : Math.sqrt(h);
      e[i] = scale * g;
      h -= f * g;
      d[i - 1] = f - g;
      reflect({ n, v, d, e }, { i, h });
    }
    d[i] = h;
  }
}

/** Applies the Householder reflection in d to the leading i x i block. */
function reflect({ n, v, d, e }: Work, { i, h }: { i: number; h: number }): void {
  e.fill(0, 0, i);
  for (let j = 0; j < i; j++) {
    const f = d[j]!;
    v[j * n + i] = f;
    let g = e[j]! + v[j * n + j]! * f;
    for (let k = j + 1; k < i; k++) {
      g += v[k * n + j]! * d[k]!;
      e[k]! += v[k * n + j]! * f;
    }
    e[j] = g;
  }
  let f = 0;
  for (let j = 0; j < i; j++) f += (e[j]! /= h) * d[j]!;
  const hh = f / (h + h);
  for (let j = 0; j < i; j++) e[j]! -= hh * d[j]!;
  for (let j = 0; j < i; j++) {
    const [dj, ej] = [d[j]!, e[j]!];
    for (let k = j; k < i; k++) v[k * n + j]! -= dj * e[k]! + ej * d[k]!;
    d[j] = v[(i - 1) * n + j]!;
    v[i * n + j] = 0;
  }
}

/** Multiplies the reflections out, and leaves the orthogonal matrix in v, transposed: one vector a row. */
function accumulate({ n, v, d, e }: Work): void {
  for (let i = 0; i < n - 1; i++) {
    v[(n - 1) * n + i] = v[i * n + i]!;
    v[i * n + i] = 1;
    const h = d[i + 1]!;
    if (h !== 0) {
      for (let k = 0; k <= i; k++) d[k] = v[k * n + i + 1]! / h;
      for (let j = 0; j <= i; j++) {
        let g = 0;
        for (let k = 0; k <= i; k++) g += v[k * n + i + 1]! * v[k * n + j]!;
        for (let k = 0; k <= i; k++) v[k * n + j]! -= g * d[k]!;
      }
    }
    for (let k = 0; k <= i; k++) v[k * n + i + 1] = 0;
  }
  for (let j = 0; j < n; j++) {
    d[j] = v[(n - 1) * n + j]!;
    v[(n - 1) * n + j] = 0;
  }
  v[n * n - 1] = 1;
  e[0] = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) [v[i * n + j], v[j * n + i]] = [v[j * n + i]!, v[i * n + j]!];
  }
}

/** Finds the eigenvalues of the tridiagonal matrix into d, and rotates the rows of v into the eigenvectors. */
function diagonalize({ n, v, d, e }: Work): void {
  for (let i = 1; i < n; i++) e[i - 1] = e[i]!;
  e[n - 1] = 0;
  let shift = 0;
  let largest = 0;
  for (let l = 0; l < n; l++) {
    largest = Math.max(largest, Math.abs(d[l]!) + Math.abs(e[l]!));
    let m = l;
    while (m < n - 1 && Math.abs(e[m]!) > Number.EPSILON * largest) m++;
    for (let step = 0; m > l; step++) {
      if (step === MOST_STEPS) throw new Error(`the QL method did not converge for eigenvalue ${l} of ${n}`);
      shift += implicitStep({ n, v, d, e }, { l, m });
      if (Math.abs(e[l]!) <= Number.EPSILON * largest) break;
    }
    d[l]! += shift;
    e[l] = 0;
  }
}

/** One implicit QL step on rows l to m; returns by how much all later diagonal entries were shifted. */
function implicitStep({ n, v, d, e }: Work, { l, m }: { l: number; m: number }): number {
  let g = d[l]!;
  let p = (d[l + 1]! - g) / (2 * e[l]!);
  let r = Math.hypot(p, 1);
  if (p < 0) r = -r;
  d[l] = e[l]! / (p + r);
  d[l + 1] = e[l]! * (p + r);
  const next = d[l + 1]!;
  const h = g - d[l]!;
  for (let i = l + 2; i < n; i++) d[i]! -= h;
  p = d[m]!;
  let [c, c2, c3, s, s2] = [1, 1, 1, 0, 0];
  const beyond = e[l + 1]!;
  for (let i = m - 1; i >= l; i--) {
    [c3, c2, s2] = [c2, c, s];
    g = c * e[i]!;
    const q = c * p;
    r = Math.hypot(p, e[i]!);
    e[i + 1] = s * r;
    s = e[i]! / r;
    c = p / r;
    p = c * d[i]! - s * g;
    d[i + 1] = q + s * (c * g + s * d[i]!);
    rotate(v.subarray(i * n, (i + 1) * n), v.subarray((i + 1) * n, (i + 2) * n), { c, s });
  }
  p = -s * s2 * c3 * beyond * e[l]! / next;
  e[l] = s * p;
  d[l] = c * p;
  return h;
}

/** Rotates two rows by the angle with cosine c and sine s. */
function rotate(a: Float64Array, b: Float64Array, { c, s }: { c: number; s: number }): void {
  for (let k = 0; k < a.length; k++) {
    const kept = b[k]!;
    b[k] = s * a[k]! + c * kept;
    a[k] = c * a[k]! - s * kept;
  }
}
