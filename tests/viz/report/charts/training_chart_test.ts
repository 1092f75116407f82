import assert from "node:assert/strict";
import { thinned } from "../../../../viz/report/charts/training_chart.ts";

Deno.test("thinned() keeps the order, range and extremes of a long series", () => {
  const steps = Array.from({ length: 20_000 }, (_, i) => i * 5);
  const values = steps.map((step) => Math.exp(-step / 20_000));
  values[7_123] = 50;
  values[15_000] = -50;
  const points = thinned(steps, values);
  assert.ok(points.length <= 240);
  assert.ok(points.some(([, value]) => value === 50) && points.some(([, value]) => value === -50));
  for (let k = 1; k < points.length; k++) assert.ok(points[k]![0] > points[k - 1]![0]);
});

Deno.test("thinned() keeps a short series unchanged and truncates to the shorter input", () => {
  assert.deepEqual(thinned([1, 2, 3], [5, 6]), [[1, 5], [2, 6]]);
  assert.deepEqual(thinned([], []), []);
});
