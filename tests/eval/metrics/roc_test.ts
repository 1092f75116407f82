import assert from "node:assert/strict";
import fc from "fast-check";
import { auroc, rocCurve, sensitivityAtSpecificity } from "../../../eval/metrics/roc.ts";

/** Labels with scores that are often tied. */
const scoredCases = fc.array(
  fc.record({ label: fc.constantFrom(0, 1), score: fc.integer({ min: -6, max: 6 }) }),
  { minLength: 2, maxLength: 60 },
);

/** AUROC from the pairwise definition. */
function aurocByPairs(labels: number[], scores: number[]): number | null {
  let sum = 0;
  let pairs = 0;
  for (const [i, a] of labels.entries()) {
    for (const [j, b] of labels.entries()) {
      if (a !== 1 || b !== 0) continue;
      pairs++;
      sum += scores[i]! > scores[j]! ? 1 : scores[i]! === scores[j]! ? 0.5 : 0;
    }
  }
  return pairs === 0 ? null : sum / pairs;
}

Deno.test("auroc() equals the fraction of concordant pairs, counting ties one half", () => {
  fc.assert(fc.property(scoredCases, (cases) => {
    const labels = cases.map((c) => c.label);
    const scores = cases.map((c) => c.score);
    const want = aurocByPairs(labels, scores);
    const got = auroc(labels, scores);
    if (want === null) assert.equal(got, null);
    else assert.ok(Math.abs(got! - want) < 1e-12, `${got} is not ${want}`);
  }));
});

Deno.test("auroc() is invariant under increasing transforms of the scores", () => {
  fc.assert(fc.property(scoredCases, (cases) => {
    const labels = cases.map((c) => c.label);
    assert.equal(auroc(labels, cases.map((c) => c.score)), auroc(labels, cases.map((c) => Math.exp(c.score) - 40)));
  }));
});

Deno.test("auroc() of flipped labels or negated scores is the complement", () => {
  fc.assert(fc.property(scoredCases, (cases) => {
    const labels = cases.map((c) => c.label);
    const scores = cases.map((c) => c.score);
    const value = auroc(labels, scores);
    const flipped = auroc(labels.map((label) => 1 - label), scores);
    const negated = auroc(labels, scores.map((score) => -score));
    if (value === null) {
      assert.deepEqual([flipped, negated], [null, null]);
    } else {
      assert.ok(Math.abs(value + flipped! - 1) < 1e-12);
      assert.ok(Math.abs(value + negated! - 1) < 1e-12);
    }
  }));
});

Deno.test("auroc() is null for one class and ignores cases with a null label", () => {
  assert.equal(auroc([1, 1, 1], [1, 2, 3]), null);
  assert.equal(auroc([0, 0], [1, 2]), null);
  assert.equal(auroc([], []), null);
  assert.equal(auroc([1, null, null], [1, 2, 3]), null);
  assert.equal(auroc([0, null, 1, null], [0.1, 9, 0.2, -9]), 1);
});

Deno.test("auroc() accepts infinite scores and rejects NaN, invalid labels and different lengths", () => {
  assert.equal(auroc([0, 1, 0, 1], [-Infinity, Infinity, 0, Infinity]), 1);
  assert.throws(() => auroc([0, 1, 1], [0.5, NaN, 1]), /score 1 is NaN/);
  assert.throws(() => auroc([0, 1, -1], [0.5, 0.2, 1]), /label 2 is -1/);
  assert.throws(() => auroc([0, 1], [0.5]), /2 labels but 1 scores/);
});

Deno.test("rocCurve() is monotonic from (0, 0) to (1, 1) with the AUROC as its area", () => {
  fc.assert(fc.property(scoredCases, (cases) => {
    const labels = cases.map((c) => c.label);
    const scores = cases.map((c) => c.score);
    const curve = rocCurve(labels, scores);
    if (curve === null) {
      assert.equal(auroc(labels, scores), null);
      return;
    }
    const { falsePositiveRate: x, truePositiveRate: y, thresholds } = curve;
    assert.deepEqual([x[0], y[0], x.at(-1), y.at(-1)], [0, 0, 1, 1]);
    assert.equal(thresholds.length, new Set(scores).size + 1);
    let area = 0;
    for (let i = 1; i < x.length; i++) {
      assert.ok(x[i]! >= x[i - 1]! && y[i]! >= y[i - 1]! && thresholds[i]! < thresholds[i - 1]!);
      area += (x[i]! - x[i - 1]!) * (y[i]! + y[i - 1]!) / 2;
    }
    assert.ok(Math.abs(area - auroc(labels, scores)!) < 1e-12);
  }));
});

Deno.test("rocCurve() handles more cases than a call may have arguments", () => {
  const labels = Array.from({ length: 300_000 }, (_, i) => i % 2);
  const curve = rocCurve(labels, labels.map((_, i) => i));
  assert.equal(curve?.thresholds.length, 300_001);
});

Deno.test("sensitivityAtSpecificity() uses the best threshold with the required specificity", () => {
  // Ten negatives 0..9; specificity 0.9 allows exactly one of them above the threshold.
  const scores = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9.5, 8.5, 7.5, 1];
  const labels = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
  assert.equal(sensitivityAtSpecificity(labels, scores, { specificity: 0.9 }), 0.5);
  assert.equal(sensitivityAtSpecificity(labels, scores, { specificity: 0.8 }), 0.75);
  assert.equal(sensitivityAtSpecificity(labels, scores, { specificity: 1 }), 0.25);
  assert.equal(sensitivityAtSpecificity(labels, scores, { specificity: 0 }), 1);
  assert.equal(sensitivityAtSpecificity([1, 1], [1, 2], { specificity: 0.9 }), null);
  assert.throws(() => sensitivityAtSpecificity(labels, scores, { specificity: 90 }), /between 0 and 1/);
});

Deno.test("sensitivityAtSpecificity() is 0 if too many negatives share the highest score", () => {
  assert.equal(sensitivityAtSpecificity([0, 0, 1], [1, 1, 1], { specificity: 0.9 }), 0);
});
