import assert from "node:assert/strict";
import fc from "fast-check";
import { median, medianRatio, ratioLine, relativeSpread } from "../../bench/statistics.ts";

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 9 });

Deno.test("median() has equally many values below and above, in any order", () => {
  fc.assert(fc.property(values, (list) => {
    const middle = median(list);
    const below = list.filter((value) => value < middle).length;
    const above = list.filter((value) => value > middle).length;
    assert.ok(Math.max(below, above) <= list.length / 2);
    assert.equal(median([...list].reverse()), middle);
  }));
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([-0]), 0);
  assert.equal(median([0, -0, -0]), median([-0, -0, 0]));
});

Deno.test("median() rejects an empty list and does not modify its input", () => {
  assert.throws(() => median([]), RangeError);
  const list = [3, 1, 2];
  median(list);
  assert.deepEqual(list, [3, 1, 2]);
});

Deno.test("medianRatio() compares within rounds, so that a slow round affects both", () => {
  assert.equal(medianRatio([2, 40, 6], [1, 20, 2]), 2);
  assert.throws(() => medianRatio([1, 2], [1]), /2 rounds cannot be compared with 1/);
});

Deno.test("ratioLine() has the work, the contestants and three significant digits", () => {
  assert.equal(ratioLine({ work: "step", a: "jax-js", b: "ours", value: 12.3456 }), "RATIO step jax-js/ours 12.3");
  assert.equal(
    ratioLine({ work: "paper64", a: "ours", b: "pytorch", value: 0.98765 }),
    "RATIO paper64 ours/pytorch 0.988",
  );
  assert.equal(ratioLine({ work: "step", a: "tfjs", b: "ours", value: 1234.5 }), "RATIO step tfjs/ours 1230");
});

Deno.test("relativeSpread() is the largest relative deviation from the first value, and propagates NaN", () => {
  assert.equal(relativeSpread([100, 101, 98]), 0.02);
  assert.equal(relativeSpread([5]), 0);
  assert.ok(Number.isNaN(relativeSpread([1, NaN])));
});
