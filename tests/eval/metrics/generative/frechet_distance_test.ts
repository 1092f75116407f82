import assert from "node:assert/strict";
import { frechetDistance } from "../../../../eval/metrics/generative/frechet_distance.ts";

const matrix = (rows: number, columns: number, value: (i: number, j: number) => number) => ({
  rows,
  columns,
  values: Float64Array.from({ length: rows * columns }, (_, at) => value(Math.floor(at / columns), at % columns)),
});

Deno.test("frechetDistance() equals numpy and scipy's sqrtm", () => {
  const a = matrix(40, 4, (i, j) => Math.sin(1.3 * i + 0.7 * j) + (j === 0 ? 0.02 * i : 0));
  const b = matrix(40, 4, (i, j) => Math.cos(0.9 * i + 1.1 * j) * 1.5 + 0.1 * j);
  const expected = 1.4492470014408736;
  assert.ok(Math.abs(frechetDistance(a, b) - expected) < 1e-7);
  assert.ok(Math.abs(frechetDistance(b, a) - expected) < 1e-7);
  assert.ok(frechetDistance(a, a) < 1e-12);
});

Deno.test("frechetDistance() of a shifted set is the shift, and of a scaled one the distance of deviations", () => {
  const a = matrix(30, 3, (i, j) => Math.sin(i * (j + 1)));
  assert.ok(Math.abs(frechetDistance(a, { ...a, values: a.values.map((v) => v + 2) }) - 12) < 1e-10);
  // In one dimension it is (m1 - m2)^2 + (s1 - s2)^2.
  const [p, q] = [matrix(4, 1, (i) => i), matrix(4, 1, (i) => 3 * i)];
  const deviation = Math.sqrt(5 / 3);
  assert.ok(Math.abs(frechetDistance(p, q) - (3 ** 2 + (2 * deviation) ** 2)) < 1e-10);
});

Deno.test("frechetDistance() takes singular covariances and rejects other features", () => {
  const few = matrix(2, 5, (i, j) => i + j);
  assert.ok(frechetDistance(few, few) < 1e-10);
  assert.throws(() => frechetDistance(few, matrix(2, 4, () => 0)), /have 5 and 4 features/);
  assert.throws(() => frechetDistance(few, matrix(1, 5, () => 0)), /at least two rows/);
});
