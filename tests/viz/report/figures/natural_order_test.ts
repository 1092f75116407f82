import assert from "node:assert/strict";
import fc from "fast-check";
import { compareNaturally } from "../../../../viz/report/figures/natural_order.ts";

Deno.test("compareNaturally() orders numbers in strings by value, decimals included", () => {
  const sorted = ["noise 10", "noise 0.5", "noise 9", "noise 0.25", "a", "noise"].sort(compareNaturally);
  assert.deepEqual(sorted, ["a", "noise", "noise 0.25", "noise 0.5", "noise 9", "noise 10"]);
});

Deno.test("compareNaturally() is a total order: antisymmetric, and zero only for equal strings", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "0", "1", "5", ".", " "), maxLength: 8 });
  fc.assert(fc.property(text, text, (a, b) => {
    assert.equal(compareNaturally(a, b) === 0, a === b);
    assert.equal(Math.sign(compareNaturally(a, b)), -Math.sign(compareNaturally(b, a)) + 0);
  }));
});
