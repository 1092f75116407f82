import assert from "node:assert/strict";
import fc from "fast-check";
import {
  averagePrecision,
  curvePath,
  curvesOf,
  type Point,
  simplify,
  staircase,
  UNITS,
} from "../../../../viz/report/figures/curves.ts";
import { cornersOf } from "../../../../viz/report/client/polyline.ts";
import { areaUnder } from "./area_under.ts";

interface GoldenCase {
  readonly kind: string;
  readonly y: (0 | 1)[];
  readonly score: number[];
  readonly auroc: number | null;
  readonly average_precision: number;
  readonly roc_points: [number, number][];
}

const golden =
  (JSON.parse(await Deno.readTextFile(new URL("../../../golden/metrics.json", import.meta.url))) as GoldenCase[])
    .filter((one) => one.kind === "binary");

/** Cases of both classes with scores from a small set, so that ties occur. */
const scored = fc.array(fc.record({ score: fc.integer({ min: 0, max: 12 }), label: fc.constantFrom(0, 1) }), {
  minLength: 2,
  maxLength: 80,
})
  .filter((cases) => new Set(cases.map((one) => one.label)).size === 2)
  .map((cases) => ({
    scores: cases.map((one) => one.score / 12),
    labels: cases.map((one) => one.label as 0 | 1),
  }));

Deno.test("AUROC, average precision and ROC points match the golden values", () => {
  assert.ok(golden.length >= 3);
  for (const one of golden) {
    const curves = curvesOf({ scores: one.score, labels: one.y });
    assert.equal(curves === null, one.auroc === null);
    if (curves === null) continue;
    assert.ok(Math.abs(areaUnder(curves.roc) - one.auroc!) < 1e-9);
    assert.ok(Math.abs(averagePrecision(curves.precisionRecall) - one.average_precision) < 1e-9);
    one.roc_points.forEach(([x, y], k) => {
      assert.ok(Math.abs(curves.roc[k]![0] - x) < 1e-9 && Math.abs(curves.roc[k]![1] - y) < 1e-9);
    });
  }
});

Deno.test("areaUnder() equals the fraction of concordant pairs, counting ties one half", () => {
  fc.assert(fc.property(scored, ({ scores, labels }) => {
    let [won, pairs] = [0, 0];
    scores.forEach((a, i) =>
      scores.forEach((b, j) => {
        if (labels[i] !== 1 || labels[j] !== 0) return;
        won += a > b ? 1 : a === b ? 0.5 : 0;
        pairs++;
      })
    );
    assert.ok(Math.abs(areaUnder(curvesOf({ scores, labels })!.roc) - won / pairs) < 1e-9);
  }));
});

Deno.test("curves run from corner to corner monotonically", () => {
  fc.assert(fc.property(scored, (cases) => {
    const { roc, precisionRecall } = curvesOf(cases)!;
    assert.deepEqual(roc[0], [0, 0]);
    assert.deepEqual(roc.at(-1), [1, 1]);
    assert.equal(precisionRecall.at(-1)![0], 1);
    for (let k = 1; k < roc.length; k++) assert.ok(roc[k]![0] >= roc[k - 1]![0] && roc[k]![1] >= roc[k - 1]![1]);
    for (let k = 1; k < precisionRecall.length; k++) assert.ok(precisionRecall[k]![0] >= precisionRecall[k - 1]![0]);
  }));
});

Deno.test("curvesOf() returns null for a single class and for no cases", () => {
  assert.equal(curvesOf({ scores: [0.1, 0.2], labels: [1, 1] }), null);
  assert.equal(curvesOf({ scores: [0.1, 0.2], labels: [0, null] }), null);
  assert.equal(curvesOf({ scores: [], labels: [] }), null);
});

Deno.test("curvesOf() ignores cases with a null label", () => {
  const curves = curvesOf({ scores: [0.9, 0.8, 0.3, 0.1], labels: [1, null, 0, null] });
  assert.deepEqual(curves, curvesOf({ scores: [0.9, 0.3], labels: [1, 0] }));
});

Deno.test("the area under staircase() equals the average precision", () => {
  fc.assert(fc.property(scored, (cases) => {
    const { precisionRecall } = curvesOf(cases)!;
    assert.ok(Math.abs(areaUnder(staircase(precisionRecall)) - averagePrecision(precisionRecall)) < 1e-9);
  }));
});

Deno.test("simplify() keeps both ends and stays within the tolerance", () => {
  const points = fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 50 })), {
    minLength: 2,
    maxLength: 60,
  });
  fc.assert(fc.property(points, (line) => {
    const kept = simplify(line, 2);
    assert.deepEqual(kept[0], line[0]);
    assert.deepEqual(kept.at(-1), line.at(-1));
    for (const point of line) assert.ok(distanceToLine(point, kept) <= 2 + 1e-9);
  }));
});

Deno.test("curvePath() preserves the area under the curve to within 0.0025", () => {
  fc.assert(fc.property(scored, (cases) => {
    const { roc } = curvesOf(cases)!;
    const corners = cornersOf(curvePath(roc)).map(([x, y]): Point => [x / UNITS, 1 - y / UNITS]);
    assert.ok(Math.abs(areaUnder(corners) - areaUnder(roc)) < 2.5e-3);
    assert.deepEqual([corners[0], corners.at(-1)], [[0, 0], [1, 1]]);
  }));
});

Deno.test("curvePath() of thousands of cases is short", () => {
  const cases = Array.from(
    { length: 12_000 },
    (_, i) => ({ score: Math.sin(i * 12.9898) * 43758.5453 % 1, label: i % 7 === 0 }),
  );
  const curves = curvesOf({
    scores: cases.map(({ score, label }) => score + (label ? 0.4 : 0)),
    labels: cases.map(({ label }) => label ? 1 : 0),
  })!;
  assert.ok(curvePath(curves.roc).length < 1000);
  assert.ok(curvePath(staircase(curves.precisionRecall)).length < 3000);
});

function distanceToLine([x, y]: Point, line: readonly Point[]): number {
  return Math.min(...line.map(([x1, y1], k) => {
    const [x0, y0] = line[Math.max(0, k - 1)]!;
    const [dx, dy] = [x1 - x0, y1 - y0];
    const length = dx * dx + dy * dy;
    const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length));
    return Math.hypot(x - x0 - t * dx, y - y0 - t * dy);
  }));
}
