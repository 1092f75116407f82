import assert from "node:assert/strict";
import fc from "fast-check";
import { symmetricEigen } from "../../../eval/linear/symmetric_eigen.ts";

Deno.test("symmetricEigen() finds the eigenvalues of the second-difference matrix", () => {
  // Its eigenvalues are known: 2 - 2 cos(k pi / (n + 1)).
  for (const n of [1, 2, 3, 40]) {
    const matrix = Float64Array.from({ length: n * n }, (_, i) => {
      const apart = Math.abs(Math.floor(i / n) - i % n);
      return apart === 0 ? 2 : apart === 1 ? -1 : 0;
    });
    const { values } = symmetricEigen(matrix, n);
    values.forEach((value, i) => assert.ok(Math.abs(value - (2 - 2 * Math.cos((n - i) * Math.PI / (n + 1)))) < 1e-13));
  }
});

Deno.test("symmetricEigen() gives orthonormal vectors with A v = lambda v, in descending order", () => {
  const entry = fc.oneof(fc.double({ min: -10, max: 10, noNaN: true }), fc.constant(0));
  const matrices = fc.integer({ min: 1, max: 8 }).chain((n) =>
    fc.array(entry, { minLength: n * n, maxLength: n * n }).map((values) => ({ n, values }))
  );
  fc.assert(fc.property(matrices, ({ n, values: given }) => {
    const matrix = given.map((_, i) => (given[i]! + given[(i % n) * n + Math.floor(i / n)]!) / 2);
    const size = Math.max(1, ...matrix.map(Math.abs));
    const { values, vectors } = symmetricEigen(given, n);
    const row = (k: number) => vectors.subarray(k * n, (k + 1) * n);
    for (let k = 0; k < n; k++) {
      if (k > 0) assert.ok(values[k - 1]! >= values[k]!);
      for (let i = 0; i < n; i++) {
        const image = row(k).reduce((sum, value, j) => sum + matrix[i * n + j]! * value, 0);
        assert.ok(Math.abs(image - values[k]! * row(k)[i]!) < 1e-12 * size * n);
        const dot = row(k).reduce((sum, value, j) => sum + value * row(i)[j]!, 0);
        assert.ok(Math.abs(dot - (i === k ? 1 : 0)) < 1e-12);
      }
    }
  }));
});

Deno.test("symmetricEigen() rejects matrices of another size, and numbers that are not finite", () => {
  assert.throws(() => symmetricEigen([1, 2, 3], 2), /a matrix of size 2 needs 4 values, not 3/);
  assert.throws(() => symmetricEigen([], 0), /size 0/);
  assert.throws(() => symmetricEigen([1, NaN, 0, 1], 2), /row 0, column 1 of the matrix is not finite/);
});
