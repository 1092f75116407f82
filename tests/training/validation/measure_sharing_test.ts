import assert from "node:assert/strict";
import fc from "fast-check";
import { measureSharing } from "../../../training/validation/measure_sharing.ts";

/** One dimension a view; each view's posteriors by sample as [mean, variance], `undefined` if it is missing. */
function measured(views: Record<string, readonly (readonly [number, number] | undefined)[]>) {
  const each = Object.values(views);
  return measureSharing({
    views: Object.keys(views),
    latentDim: 1,
    batches: [{
      mu: Float32Array.from(each.flat(), (posterior) => posterior?.[0] ?? NaN),
      logvar: Float32Array.from(each.flat(), (posterior) => Math.log(posterior?.[1] ?? NaN)),
      present: Float32Array.from(each.flat(), (posterior) => posterior ? 1 : 0),
    }],
  });
}

function close(actual: number, expected: number, tolerance = 1e-6): void {
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);
}

Deno.test("Gaussians of equal variance have symmetric divergences; from a wider one it is larger", () => {
  const [equal] = measured({ a: [[0, 1]], b: [[2, 1]] }).kl;
  close(equal!.forward, 2);
  close(equal!.backward, 2);
  close(equal!.ratio, 1);
  const [unequal] = measured({ a: [[0, 1]], b: [[0, 4]] }).kl;
  close(unequal!.forward, (Math.log(4) + 1 / 4 - 1) / 2);
  close(unequal!.backward, (4 - 1 - Math.log(4)) / 2);
  assert.ok(unequal!.ratio < 1);
});

Deno.test("private dimensions are active units, but are compared with no other view's", () => {
  const posteriors = {
    views: ["a", "b"],
    latentDim: 2,
    // Two samples a view; the private dimension is far from that of the other view.
    batches: [{
      mu: Float32Array.of(0, 9, 0, 5, /**/ 2, -9, 2, -9),
      logvar: new Float32Array(8),
      present: Float32Array.of(1, 1, 1, 1),
    }],
  };
  const { kl: [pair], activeUnits } = measureSharing({ ...posteriors, privateDim: 1 });
  close(pair!.forward, 2);
  assert.deepEqual({ ...activeUnits }, { a: 1, b: 0 });
  assert.ok(measureSharing(posteriors).kl[0]!.forward > 50);
});

Deno.test("three views have three pairs, and only samples with both views count", () => {
  const { kl } = measured({ a: [[0, 1], [5, 1]], b: [[1, 1], undefined], c: [[0, 1], [5, 1]] });
  assert.deepEqual(kl.map(({ from, to }) => `${from} ${to}`), ["a b", "a c", "b c"]);
  close(kl[0]!.forward, 0.5);
  assert.deepEqual({ ...kl[1] }, { from: "a", to: "c", forward: 0, backward: 0, ratio: 1 });
  close(kl[2]!.backward, 0.5);
});

Deno.test("equal posteriors share responsibility, distant ones too, and a sharp one takes more than a wide one", () => {
  close(measured({ a: [[1, 2]], b: [[1, 2]] }).responsibility.a!, 0.5);
  close(measured({ a: [[-50, 1]], b: [[50, 1]] }).responsibility.b!, 0.5);
  const { a, b } = measured({ a: [[0, 0.01]], b: [[0, 1]] }).responsibility;
  close(a!, 10 / 11);
  close(b!, 1 / 11);
});

Deno.test("responsibilities add up to 1, whatever the posteriors", () => {
  const posterior = fc.tuple(
    fc.double({ min: -100, max: 100, noNaN: true }),
    fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
  );
  fc.assert(fc.property(fc.array(fc.tuple(posterior, posterior), { minLength: 1, maxLength: 5 }), (samples) => {
    const { responsibility, kl: [pair] } = measured({
      a: samples.map(([a]) => a),
      b: samples.map(([, b]) => b),
    });
    close(responsibility.a! + responsibility.b!, 1);
    assert.ok(pair!.forward > -1e-6 && pair!.backward > -1e-6);
  }));
});

Deno.test("a unit is active if its mean varies by more than 0.01 over the samples", () => {
  const spread = (deviation: number) => [-1, 1].map((sign) => [sign * deviation, 1] as const);
  const { activeUnits } = measured({ a: spread(0.11), b: spread(0.09) });
  assert.deepEqual(activeUnits, { a: 1, b: 0 });
});
