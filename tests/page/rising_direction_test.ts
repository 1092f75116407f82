import assert from "node:assert/strict";
import { FastRandom } from "../../base/random.ts";
import { risingDirection } from "../../page/export/rising_direction.ts";

const DIMENSION = 4;

/** (w_k - w_j) . d of every other label j. */
function gains(weights: readonly (readonly number[])[], label: number, direction: readonly number[]): number[] {
  const own = weights[label]!;
  return weights.filter((_, j) => j !== label)
    .map((other) => own.reduce((sum, value, i) => sum + (value - other[i]!) * direction[i]!, 0));
}

Deno.test("risingDirection() raises a label's log-odds against every other label", () => {
  const random = new FastRandom(2);
  for (let i = 0; i < 100; i++) {
    // Of no more labels than dimensions + 1, each has a direction.
    const weights = Array.from(
      { length: 2 + i % DIMENSION },
      () => Array.from({ length: DIMENSION }, () => 6 * random.uniform() - 3),
    );
    const direction = risingDirection(weights, 0);
    assert.ok(direction !== null && gains(weights, 0, direction).every((gain) => gain > 0.5), `${weights}`);
  }
});

Deno.test("risingDirection() is the shortest such direction", () => {
  const close = (a: readonly number[] | null, b: readonly number[]) =>
    b.forEach((value, i) => assert.ok(Math.abs(a![i]! - value) < 1e-6, `${a} is not ${b}`));
  close(risingDirection([[2, 0], [0, 0]], 0), [0.5, 0]);
  // The second constraint holds where the first one does, and adds nothing.
  close(risingDirection([[1, 0], [0, 0], [-5, 0]], 0), [1, 0]);
  close(risingDirection([[0, 0], [-1, 0], [0, -1]], 0), [1, 1]);
});

Deno.test("risingDirection() is null for a label between others, and for one equal to another", () => {
  assert.equal(risingDirection([[0, 0], [1, 0], [-1, 0], [0, 1]], 0), null);
  assert.equal(risingDirection([[1, 2], [1, 2], [0, 0]], 0), null);
  assert.equal(risingDirection([[1, 2]], 0), null);
});
