import assert from "node:assert/strict";
import fc from "fast-check";
import { holm } from "../../../eval/metrics/holm.ts";

const pValues = fc.array(fc.option(fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 20 });

Deno.test("holm() reproduces a worked example", () => {
  assert.deepEqual(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
});

Deno.test("holm() preserves the order of p-values, never lowers one and is at most 1", () => {
  fc.assert(fc.property(pValues, (list) => {
    const adjusted = holm(list);
    for (const [i, p] of list.entries()) {
      if (p === null) {
        assert.equal(adjusted[i], null);
        continue;
      }
      assert.ok(adjusted[i]! >= p && adjusted[i]! <= 1);
      for (const [j, q] of list.entries()) if (q !== null && p < q) assert.ok(adjusted[i]! <= adjusted[j]!);
    }
  }));
});

Deno.test("holm() lies between no correction and Bonferroni's, and ignores impossible tests", () => {
  fc.assert(fc.property(pValues, (list) => {
    const count = list.filter((p) => p !== null).length;
    for (const [i, value] of holm(list).entries()) {
      if (value !== null) assert.ok(value <= Math.min(1, list[i]! * count) + 1e-15);
    }
  }));
  assert.deepEqual(holm([0.02, null, null]), [0.02, null, null]);
  assert.throws(() => holm([0.1, 1.5]), /p-value 1 is 1.5/);
});
