import assert from "node:assert/strict";
import fc from "fast-check";
import {
  averagePrecision,
  bestF1Threshold,
  f1Score,
  precisionRecallCurve,
} from "../../../eval/metrics/precision_recall.ts";

const scoredCases = fc.array(
  fc.record({ label: fc.constantFrom(0, 1, null), score: fc.integer({ min: -5, max: 5 }) }),
  { minLength: 2, maxLength: 60 },
);

Deno.test("averagePrecision() is the step-wise integral of the precision-recall curve", () => {
  fc.assert(fc.property(scoredCases, (cases) => {
    const labels = cases.map((c) => c.label);
    const scores = cases.map((c) => c.score);
    const curve = precisionRecallCurve(labels, scores);
    const value = averagePrecision(labels, scores);
    if (curve === null) {
      assert.equal(value, null);
      return;
    }
    let area = 0;
    for (let i = 0; i < curve.recall.length; i++) {
      area += (curve.recall[i]! - (curve.recall[i - 1] ?? 0)) * curve.precision[i]!;
    }
    assert.ok(Math.abs(area - value!) < 1e-12, `${area} is not ${value}`);
    assert.equal(curve.recall.at(-1), 1);
  }));
});

Deno.test("averagePrecision() is the prevalence for constant scores, 1 for perfect scores, null for one class", () => {
  assert.equal(averagePrecision([1, 0, 0, 0], [2, 2, 2, 2]), 0.25);
  assert.equal(averagePrecision([1, 0, 1, 0], [4, 1, 3, 2]), 1);
  assert.equal(averagePrecision([1, 1], [4, 1]), null);
  assert.equal(averagePrecision([0, 0], [4, 1]), null);
});

Deno.test("bestF1Threshold() finds the highest F1 of all thresholds", () => {
  fc.assert(fc.property(scoredCases, (cases) => {
    const labels = cases.map((c) => c.label);
    const scores = cases.map((c) => c.score);
    const best = bestF1Threshold(labels, scores);
    if (best === null) return;
    assert.equal(f1Score(labels, scores, { threshold: best.threshold }), best.f1);
    for (const threshold of scores) assert.ok((f1Score(labels, scores, { threshold }) ?? 0) <= best.f1);
  }));
});

Deno.test("bestF1Threshold() returns the highest of tied thresholds, and null for one class", () => {
  assert.deepEqual(bestF1Threshold([0, 1, 0, 0, 1], [1, 2, 3, 3, 4]), { threshold: 4, f1: 2 / 3 });
  assert.equal(bestF1Threshold([0, 0], [1, 2]), null);
  assert.equal(bestF1Threshold([1, 1], [1, 2]), null);
});

Deno.test("f1Score() is null without positives and positive predictions, and rejects a NaN threshold", () => {
  assert.equal(f1Score([0, 0], [1, 2], { threshold: 3 }), null);
  assert.equal(f1Score([0, 0], [1, 2], { threshold: 2 }), 0);
  assert.equal(f1Score([1, 0, 1], [3, 2, 1], { threshold: 2 }), 0.5);
  assert.throws(() => f1Score([1], [1], { threshold: NaN }), /threshold of F1 is NaN/);
});
