import assert from "node:assert/strict";
import { momentsOf } from "../../../eval/linear/covariance.ts";
import { orthonormalized, principalSubspace } from "../../../eval/linear/principal_subspace.ts";
import { symmetricEigen } from "../../../eval/linear/symmetric_eigen.ts";
import { FastRandom } from "../../../base/random.ts";

/** Points whose variance falls along the axes of a rotated frame. */
function points(rows: number, columns: number) {
  const random = new FastRandom(5, 0);
  const frame = orthonormalized(Float64Array.from({ length: columns * columns }, () => random.normal()), columns);
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < columns; k++) {
      const along = random.normal() * 0.7 ** k;
      for (let j = 0; j < columns; j++) values[i * columns + j]! += along * frame[k * columns + j]!;
    }
  }
  return { values, rows, columns };
}

const times = (matrix: Float64Array, size: number) => (vectors: Float64Array) =>
  vectors.map((_, at) => {
    const start = at - at % size;
    return vectors.subarray(start, start + size).reduce((sum, v, j) => sum + matrix[(at % size) * size + j]! * v, 0);
  });

Deno.test("principalSubspace() finds the leading eigenpairs of a covariance", async () => {
  const { covariance } = momentsOf(points(200, 30));
  const exact = symmetricEigen(covariance, 30);
  const found = await principalSubspace(times(covariance, 30), { size: 30, count: 5 });
  for (let k = 0; k < 5; k++) {
    assert.ok(Math.abs(found.values[k]! / exact.values[k]! - 1) < 1e-9);
    const overlap = found.vectors.subarray(k * 30, (k + 1) * 30).reduce(
      (sum, v, j) => sum + v * exact.vectors[k * 30 + j]!,
      0,
    );
    assert.ok(Math.abs(Math.abs(overlap) - 1) < 1e-6, `vector ${k} overlaps by ${overlap}`);
  }
});

Deno.test("principalSubspace() finds all eigenpairs of a small or singular matrix", async () => {
  const matrix = Float64Array.from([2, 0, 0, 0, 0, 0, 0, 0, 5]);
  const { values, vectors } = await principalSubspace(times(matrix, 3), { size: 3, count: 7 });
  [5, 2, 0].forEach((value, k) => assert.ok(Math.abs(values[k]! - value) < 1e-12));
  assert.ok(Math.abs(Math.abs(vectors[2]!) - 1) < 1e-12);
  const nothing = await principalSubspace((v) => v.map(() => 0), { size: 3, count: 2 });
  assert.deepEqual([...nothing.values], [0, 0]);
  assert.ok(nothing.vectors.every(Number.isFinite));
  await assert.rejects(
    principalSubspace((v) => v, { size: 3, count: 0 }),
    /the count of a subspace must be at least 1/,
  );
});

Deno.test("momentsOf() is the mean and the sample covariance", () => {
  const { mean, covariance } = momentsOf({ values: Float64Array.from([1, 2, 3, 6, 5, 1]), rows: 3, columns: 2 });
  assert.deepEqual([...mean], [3, 3]);
  [4, -1, -1, 7].forEach((value, i) => assert.ok(Math.abs(covariance[i]! - value) < 1e-12));
  assert.throws(() => momentsOf({ values: Float64Array.from([1]), rows: 1, columns: 1 }), /at least two rows/);
});
