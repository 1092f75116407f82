import assert from "node:assert/strict";
import fc from "fast-check";
import { delongMeanTest, delongTest, delongVariance } from "../../../eval/metrics/delong.ts";
import { twoSidedNormalP } from "../../../eval/metrics/normal.ts";
import { auroc } from "../../../eval/metrics/roc.ts";
import { FastRandom } from "../../../base/random.ts";

Deno.test("twoSidedNormalP() matches reference values, including the far tails", () => {
  // erfc(z / sqrt 2) to 16 digits, from an arbitrary-precision computation.
  const known: [number, number][] = [
    [0, 1],
    [0.5, 0.6170750774519738],
    [1, 0.3173105078629141],
    [1.959963984540054, 0.05],
    [2.12, 0.03400604529526559],
    [2.13, 0.03317161336721003],
    [5, 5.733031437583878e-7],
    [10, 1.523970604832105e-23],
  ];
  for (const [z, p] of known) {
    assert.ok(Math.abs(twoSidedNormalP(z) - p) <= 1e-12 * p + 1e-15, `z ${z}: ${twoSidedNormalP(z)} is not ${p}`);
    assert.equal(twoSidedNormalP(-z), twoSidedNormalP(z));
  }
  assert.throws(() => twoSidedNormalP(NaN), /NaN/);
});

/** DeLong's variance from the pairwise definition. */
function varianceByPairs(positives: number[], negatives: number[]): number {
  const psi = (x: number, y: number) => x > y ? 1 : x === y ? 0.5 : 0;
  const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = (values: number[]) => {
    const m = mean(values);
    return values.reduce((sum, v) => sum + (v - m) ** 2, 0) / (values.length - 1);
  };
  const v10 = positives.map((x) => mean(negatives.map((y) => psi(x, y))));
  const v01 = negatives.map((y) => mean(positives.map((x) => psi(x, y))));
  return variance(v10) / positives.length + variance(v01) / negatives.length;
}

Deno.test("delongVariance() equals the pairwise definition", () => {
  const list = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 2, maxLength: 30 });
  fc.assert(fc.property(list, list, (positives, negatives) => {
    const labels = [...positives.map(() => 1), ...negatives.map(() => 0)];
    const scores = [...positives, ...negatives];
    const { auroc: area, variance } = delongVariance(labels, scores);
    assert.ok(Math.abs(area! - auroc(labels, scores)!) < 1e-12);
    assert.ok(Math.abs(variance! - varianceByPairs(positives, negatives)) < 1e-12);
  }));
});

Deno.test("delongVariance() is null if a class has fewer than two cases", () => {
  assert.deepEqual(delongVariance([1, 0, 0], [3, 1, 2]), { auroc: 1, variance: null });
  assert.deepEqual(delongVariance([1, 1], [3, 1]), { auroc: null, variance: null });
  assert.equal(delongTest([1, 0, 0], [[3, 1, 2], [1, 2, 3]]), null);
});

Deno.test("delongTest() gives equal classifiers p = 1 and is antisymmetric", () => {
  const random = new FastRandom(3);
  const labels = Array.from({ length: 100 }, () => random.below(2));
  const a = labels.map((label) => label + 2 * random.uniform());
  const b = labels.map(() => random.uniform());
  assert.deepEqual(delongTest(labels, [a, a]), { difference: 0, standardError: 0, p: 1 });
  const forward = delongTest(labels, [a, b])!;
  const backward = delongTest(labels, [b, a])!;
  assert.ok(forward.difference < 0 && forward.p < 0.001);
  assert.ok(Math.abs(forward.difference + backward.difference) < 1e-15);
  assert.ok(Math.abs(forward.p - backward.p) < 1e-12);
});

Deno.test("delongTest() rejects about 5% of true null hypotheses at 0.05", () => {
  const random = new FastRandom(11);
  let rejected = 0;
  const trials = 600;
  for (let trial = 0; trial < trials; trial++) {
    const labels = Array.from({ length: 80 }, (_, i) => i % 2);
    const common = labels.map((label) => label + 3 * random.uniform());
    const scores = [0, 1].map(() => common.map((value) => value + 2 * random.uniform()));
    if (delongTest(labels, [scores[0]!, scores[1]!])!.p < 0.05) rejected++;
  }
  // Four binomial standard errors around 5%.
  assert.ok(Math.abs(rejected / trials - 0.05) < 4 * Math.sqrt(0.05 * 0.95 / trials), `${rejected} of ${trials}`);
});

Deno.test("delongMeanTest() of identical members equals delongTest(), and differences average", () => {
  const labels = [0, 1, 0, 1, 1, 0, null, 1, 0, 1];
  const a = [0.1, 0.4, 0.35, 0.8, 0.3, 0.2, 0.5, 0.9, 0.6, 0.7];
  const b = [0.3, 0.2, 0.6, 0.4, 0.5, 0.1, 0.9, 0.8, 0.2, 0.3];
  const c = [0.2, 0.6, 0.1, 0.5, 0.9, 0.4, 0.3, 0.7, 0.8, 0.4];
  const one = delongTest(labels, [a, b])!;
  const same = delongMeanTest(labels, [[a, a, a], [b, b]])!;
  assert.ok(Math.abs(same.p - one.p) < 1e-12 && Math.abs(same.standardError - one.standardError) < 1e-12);
  const mean = delongMeanTest(labels, [[a], [b, c]])!;
  const parts = [b, c].map((scores) => delongTest(labels, [a, scores])!.difference);
  assert.ok(Math.abs(mean.difference - (parts[0]! + parts[1]!) / 2) < 1e-12);
  // A mean of two has less variance than the worse member, and a group does not differ from itself.
  assert.ok(mean.standardError < Math.max(...[b, c].map((scores) => delongTest(labels, [a, scores])!.standardError)));
  assert.deepEqual(delongMeanTest(labels, [[b, c], [c, b]]), { difference: 0, standardError: 0, p: 1 });
  assert.equal(delongMeanTest(labels.map(() => 1), [[a], [b]]), null);
});

Deno.test("delongMeanTest() gives p 1 to equal means, in whatever order and number their members come", () => {
  const score = fc.double({ min: 0, max: 1, noNaN: true });
  const cases = fc.integer({ min: 4, max: 40 }).chain((count) =>
    fc.tuple(
      fc.array(fc.array(score, { minLength: count, maxLength: count }), { minLength: 1, maxLength: 5 }),
      fc.array(fc.constantFrom(0, 1), { minLength: count - 4, maxLength: count - 4 }),
    )
  );
  fc.assert(fc.property(cases, ([members, labels]) => {
    const truth = [0, 0, 1, 1, ...labels];
    for (const others of [members.toReversed(), [...members, ...members], [...members, ...members, ...members]]) {
      assert.deepEqual(delongMeanTest(truth, [members, others]), { difference: 0, standardError: 0, p: 1 });
    }
  }));
});

Deno.test("delongTest() gives p 1 to different scores of equal AUROC", () => {
  const labels = [0, 0, 0, 1, 1, 1];
  const { difference, standardError, p } = delongTest(labels, [[1, 2, 5, 3, 4, 6], [1, 4, 5, 3, 6, 7]])!;
  assert.deepEqual([difference, p], [0, 1]);
  assert.ok(standardError > 0);
});
