import assert from "node:assert/strict";
import {
  fitGaussianMixture,
  meanLogLikelihood,
  mixtureBic,
  mixtureParameters,
  sampleMixture,
} from "../../../../eval/metrics/generative/gaussian_mixture.ts";
import { momentsOf } from "../../../../eval/linear/covariance.ts";

/** Three groups of 20 points. */
const POINTS = {
  rows: 60,
  columns: 2,
  values: Float64Array.from(Array.from({ length: 60 }, (_, i) => point(i)).flat()),
};

function point(i: number): [number, number] {
  const [x, y] = [i * 37 % 60 / 60 + 0.05 * (i % 7), i * i * 17 % 61 / 61];
  return i < 20 ? [x, y] : i < 40 ? [x + 2.4, y] : [x, 0.5 * y + 1.8];
}

/** scikit-learn 1.2's GaussianMixture on the same points, converged; components from bottom to top. */
const EXPECTED = {
  diagonal: {
    score: -1.184113563048134,
    bic: 199.4144514368855,
    weights: [0.3333342592901316, 0.3333333333298581, 0.33333240738001024],
    means: [[0.6008338678374796, 0.46803661920711614], [3.036666666610091, 0.49508196721198255], [
      0.6724996646553723,
      2.0614760038670887,
    ]],
  },
  full: {
    score: -1.1721034087440303,
    bic: 210.25626660705936,
    weights: [0.333334818119707, 0.33333333332718856, 0.33333184855310455],
    means: [[0.6008353046285219, 0.4680388625151886], [3.036666666629042, 0.4950819672114878], [
      0.6724983479989483,
      2.0614764319220447,
    ]],
  },
} as const;

for (const kind of ["diagonal", "full"] as const) {
  Deno.test(`a converged ${kind} mixture equals scikit-learn's`, () => {
    const mixture = fitGaussianMixture(POINTS, { components: 3, kind, tolerance: 1e-13, iterations: 5000 });
    const { score, bic, weights, means } = EXPECTED[kind];
    const near = (value: number, expected: number) =>
      assert.ok(Math.abs(value - expected) < 1e-5, `${value} is not ${expected}`);
    near(meanLogLikelihood(mixture, POINTS), score);
    near(mixtureBic(mixture, POINTS) / bic, 1);
    const place = (k: number) => mixture.means[2 * k]! + 10 * mixture.means[2 * k + 1]!;
    [0, 1, 2].sort((a, b) => place(a) - place(b)).forEach((k, i) => {
      near(mixture.weights[k]!, weights[i]!);
      means[i]!.forEach((mean, j) => near(mixture.means[2 * k + j]!, mean));
    });
  });

  Deno.test(`each iteration of a ${kind} mixture raises the likelihood`, () => {
    let before = -Infinity;
    for (let iterations = 0; iterations < 12; iterations++) {
      const mixture = fitGaussianMixture(POINTS, { components: 5, kind, iterations, tolerance: 0, seed: 3 });
      const likelihood = meanLogLikelihood(mixture, POINTS);
      assert.ok(likelihood >= before - 1e-6, `${likelihood} after ${before}`);
      before = likelihood;
    }
  });

  Deno.test(`samples of a ${kind} mixture have its moments`, () => {
    const mixture = fitGaussianMixture(POINTS, { components: 3, kind });
    const values = sampleMixture(mixture, { count: 20_000, seed: 1 });
    const drawn = momentsOf({ values, rows: 20_000, columns: 2 });
    const given = momentsOf(POINTS);
    given.mean.forEach((mean, j) => assert.ok(Math.abs(drawn.mean[j]! - mean) < 0.03));
    for (const j of [0, 3]) assert.ok(Math.abs(drawn.covariance[j]! / given.covariance[j]! * 60 / 59 - 1) < 0.05);
    assert.deepEqual(sampleMixture(mixture, { count: 20_000, seed: 1 }), values);
    assert.notDeepEqual(sampleMixture(mixture, { count: 20_000, seed: 2 }), values);
  });
}

Deno.test("one component is the normal distribution of the points", () => {
  const { mean, covariance } = momentsOf(POINTS);
  const full = fitGaussianMixture(POINTS, { components: 1, kind: "full" });
  mean.forEach((value, j) => assert.ok(Math.abs(full.means[j]! - value) < 1e-9));
  covariance.forEach((value, j) => assert.ok(Math.abs(full.covariances[0]![j]! - value * 59 / 60) < 1e-5));
  assert.deepEqual([mixtureParameters(full), mixtureParameters({ ...full, kind: "diagonal" })], [5, 4]);
});

Deno.test("a mixture of equal points does not collapse, and points of another dimension are rejected", () => {
  const same = { values: new Float64Array(20).fill(3), rows: 10, columns: 2 };
  for (const kind of ["diagonal", "full"] as const) {
    const mixture = fitGaussianMixture(same, { components: 2, kind });
    assert.ok(sampleMixture(mixture, { count: 5, seed: 0 }).every((value) => Math.abs(value - 3) < 1e-5));
    assert.throws(() => meanLogLikelihood(mixture, { ...same, rows: 20, columns: 1 }), /points of 1 dimensions/);
    assert.throws(() => meanLogLikelihood(mixture, { ...same, rows: 0 }), /no points/);
  }
  assert.throws(() => fitGaussianMixture(same, { components: 11 }), /10 points can form 1 to 10 clusters/);
});
