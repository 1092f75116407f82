import assert from "node:assert/strict";
import fc from "fast-check";
import {
  brierScore,
  equalMassReliability,
  expectedCalibrationError,
  reliabilityCurve,
} from "../../../eval/metrics/calibration.ts";

const cases = fc.array(
  fc.record({ label: fc.constantFrom(0, 1), probability: fc.double({ min: 0, max: 1, noNaN: true }) }),
  { minLength: 1, maxLength: 50 },
);

Deno.test("brierScore() is the mean squared error, and null without labels", () => {
  assert.equal(brierScore([1, 0, null], [0.5, 0.5, 0.9]), 0.25);
  assert.equal(brierScore([1, 0], [1, 0]), 0);
  assert.equal(brierScore([null], [0.3]), null);
  assert.throws(() => brierScore([1, 0], [0.5, 1.2]), /probability 1 is 1.2/);
  assert.throws(() => brierScore([1], [NaN]), /score 0 is NaN/);
});

Deno.test("reliabilityCurve() covers every case in bins of increasing probability", () => {
  fc.assert(fc.property(cases, (list) => {
    const labels = list.map((c) => c.label);
    const curve = reliabilityCurve(labels, list.map((c) => c.probability));
    assert.equal(curve.reduce((sum, bin) => sum + bin.count, 0), list.length);
    const positives = curve.reduce((sum, bin) => sum + bin.observed * bin.count, 0);
    assert.ok(Math.abs(positives - labels.reduce((sum: number, label) => sum + label, 0)) < 1e-9);
    for (let i = 1; i < curve.length; i++) assert.ok(curve[i]!.predicted > curve[i - 1]!.predicted);
  }));
});

Deno.test("reliabilityCurve() puts a probability of 1 in the last bin and omits empty bins", () => {
  assert.deepEqual(reliabilityCurve([1, 0, 1], [1, 0, 0.05], { bins: 4 }), [
    { predicted: 0.025, observed: 0.5, count: 2 },
    { predicted: 1, observed: 1, count: 1 },
  ]);
  assert.throws(() => reliabilityCurve([1], [1], { bins: 0 }), /number of bins must be a positive integer/);
});

Deno.test("equalMassReliability() fills bins evenly, and keeps equal probabilities together", () => {
  assert.deepEqual(equalMassReliability([0, 1, 1, 0, null], [0.1, 0.9, 0.3, 0.2, 0.5], { bins: 2 }), [
    { predicted: (0.1 + 0.2) / 2, observed: 0, count: 2 },
    { predicted: (0.3 + 0.9) / 2, observed: 1, count: 2 },
  ]);
  const tied = equalMassReliability([0, 1, 0, 1], [0.2, 0.2, 0.2, 0.8], { bins: 2 });
  assert.deepEqual(tied.map(({ count }) => count), [3, 1]);
  assert.deepEqual(equalMassReliability([null], [0.5]), []);
  assert.throws(() => equalMassReliability([0], [0.5], { bins: 0 }), /number of bins must be a positive integer/);
});

Deno.test("expectedCalibrationError() is the mean distance from the observed frequency", () => {
  // Bins of two: |0.15 - 0| and |0.6 - 1|.
  assert.ok(Math.abs(expectedCalibrationError([0, 1, 1, 0], [0.1, 0.9, 0.3, 0.2], { bins: 2 })! - 0.275) < 1e-15);
  assert.equal(expectedCalibrationError([0, 1], [0, 1]), 0);
  assert.equal(expectedCalibrationError([1, 0], [0, 1]), 1);
  assert.equal(expectedCalibrationError([null], [0.4]), null);
});

Deno.test("expectedCalibrationError() does not depend on the order, and is at least the distance of the means", () => {
  fc.assert(fc.property(cases, fc.integer({ min: 1, max: 20 }), (given, bins) => {
    const error = (list: typeof given) =>
      expectedCalibrationError(list.map(({ label }) => label), list.map(({ probability }) => probability), { bins })!;
    const mean = (of: (one: (typeof given)[number]) => number) =>
      given.reduce((sum, one) => sum + of(one), 0) / given.length;
    const value = error(given);
    assert.ok(Math.abs(value - error([...given].reverse())) < 1e-12);
    assert.ok(value >= Math.abs(mean(({ label }) => label) - mean(({ probability }) => probability)) - 1e-12);
    assert.ok(value <= 1);
  }));
});
