import assert from "node:assert/strict";
import fc from "fast-check";
import { brierScore, reliabilityCurve } from "../../../eval/metrics/calibration.ts";

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
