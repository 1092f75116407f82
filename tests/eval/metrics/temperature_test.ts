import assert from "node:assert/strict";
import fc from "fast-check";
import {
  atTemperature,
  classesAtTemperature,
  fitClassTemperature,
  fitTemperature,
  TEMPERATURES,
} from "../../../eval/metrics/temperature.ts";

const PROBABILITIES = [0.05, 0.2, 0.35, 0.6, 0.7, 0.9, 0.95, 0.4, 0.15, 0.8, 0.99, 0.03];
const LABELS = [0, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0];
// deno-fmt-ignore
const CLASSES = { classes: 3, values: [
  0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4, 0.05, 0.05, 0.9,
  0.5, 0.4, 0.1, 0.25, 0.5, 0.25, 0.9, 0.05, 0.05, 0.2, 0.1, 0.7,
] };
const TRUTH = [0, 1, 0, 2, 1, 2, 0, 2];

const near = (value: number | null, expected: number, tolerance = 1e-6) =>
  assert.ok(Math.abs(value! - expected) < tolerance, `${value} is not ${expected}`);

Deno.test("fitTemperature() minimises scikit-learn's log loss as scipy's bounded minimiser does", () => {
  near(fitTemperature(LABELS, PROBABILITIES), 1.6443130554023244);
  near(fitTemperature([null, ...LABELS], [0.5, ...PROBABILITIES]), 1.6443130554023244);
});

Deno.test("fitClassTemperature() minimises the cross-entropy as scipy's bounded minimiser does", () => {
  near(fitClassTemperature(TRUTH, CLASSES), 0.6042706943952582);
  const { values } = classesAtTemperature(CLASSES, 0.6042706943952582);
  const loss = TRUTH.reduce((sum, truth, i) => sum - Math.log(values[i * 3 + truth]!), 0) / TRUTH.length;
  near(loss, 0.5324425429653603, 1e-12);
});

Deno.test("temperatures stay within their range, and need both classes", () => {
  assert.equal(fitTemperature([1, 0], [0.9, 0.1]), TEMPERATURES.least);
  assert.equal(fitTemperature([0, 1], [0.9, 0.1]), TEMPERATURES.most);
  assert.equal(fitTemperature([1, 1, null], [0.9, 0.8, 0.1]), null);
  assert.equal(fitClassTemperature([], { values: [], classes: 2 }), null);
  assert.throws(() => fitTemperature([1, 0], [0.9, 1.5]), /probability 1 is 1.5/);
  assert.throws(() => fitClassTemperature([0], { values: [1], classes: 2 }), /need 2 probabilities, not 1/);
  assert.throws(() => atTemperature(0.5, 0), /the temperature must be a positive number, but is 0/);
});

Deno.test("a temperature keeps the order and the most probable class, and a half", () => {
  const probability = fc.double({ min: 0, max: 1, noNaN: true });
  const temperature = fc.double({ min: 0.05, max: 20, noNaN: true });
  fc.assert(fc.property(probability, probability, temperature, (a, b, T) => {
    assert.ok(Math.sign(atTemperature(a, T) - atTemperature(b, T)) * Math.sign(a - b) >= 0);
    near(atTemperature(0.5, T), 0.5, 1e-15);
    assert.ok(atTemperature(a, T) >= 0 && atTemperature(a, T) <= 1);
  }));
  fc.assert(fc.property(fc.array(probability, { minLength: 3, maxLength: 3 }), temperature, (values, T) => {
    const scaled = classesAtTemperature({ values, classes: 3 }, T).values;
    near(scaled.reduce((sum, p) => sum + p, 0), 1, 1e-12);
    const best = values.indexOf(Math.max(...values));
    assert.ok(scaled[best]! >= Math.max(...scaled) - 1e-12);
  }));
});
