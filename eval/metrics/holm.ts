/**
 * Holm's correction for multiple testing.
 *
 * @module
 */

/**
 * Adjusts p-values with Holm's step-down method: the i-th smallest of k p-values is multiplied by k - i + 1, then made
 * non-decreasing and capped at 1. Controls the family-wise error rate under any dependence between tests (S. Holm,
 * Scandinavian Journal of Statistics 6, 1979).
 *
 * @param pValues One per test; `null` for tests that were not possible, which do not count.
 * @returns Adjusted p-values in the same order, `null` if they were `null`.
 * @throws RangeError naming the first p-value outside [0, 1].
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { holm } from "./holm.ts";
 * assert.deepEqual(holm([0.01, 0.04, null, 0.03]), [0.03, 0.06, null, 0.06]);
 * ```
 */
export function holm(pValues: readonly (number | null)[]): (number | null)[] {
  const tests: { index: number; p: number }[] = [];
  for (const [index, p] of pValues.entries()) {
    if (p === null) continue;
    if (!(p >= 0 && p <= 1)) throw new RangeError(`p-value ${index} is ${p}; it must lie in [0, 1]`);
    tests.push({ index, p });
  }
  tests.sort((a, b) => a.p - b.p);
  const adjusted: (number | null)[] = pValues.map(() => null);
  let highest = 0;
  for (const [rank, { index, p }] of tests.entries()) {
    highest = Math.max(highest, Math.min(1, p * (tests.length - rank)));
    adjusted[index] = highest;
  }
  return adjusted;
}
