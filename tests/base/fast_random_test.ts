import assert from "node:assert/strict";
import { FastRandom } from "../../base/random.ts";

Deno.test("FastRandom draws equal numbers for equal keys, and different ones for different keys", () => {
  const draw = (...keys: number[]) => {
    const random = new FastRandom(...keys);
    return Array.from({ length: 4 }, () => random.uint32()).join();
  };
  assert.equal(draw(5, 1), draw(5, 1));
  const keys = [[0], [1], [-1], [2 ** 32], [2 ** 32 + 1], [0, 0], [0, 1], [1, 0], [2 ** 52]];
  assert.equal(new Set(keys.map((key) => draw(...key))).size, keys.length);
  assert.throws(() => new FastRandom(0.5), /must be an integer, but is 0.5/);
});

Deno.test("FastRandom is uniform over the integers below a bound, within and across streams", () => {
  const bound = 20;
  const expected = 5000;
  for (const across of [false, true]) {
    const counts = new Array<number>(bound).fill(0);
    const stream = new FastRandom(12);
    for (let i = 0; i < bound * expected; i++) counts[(across ? new FastRandom(12, i) : stream).below(bound)]!++;
    const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // The 0.001 and 0.999 quantiles of chi-squared with 19 degrees of freedom.
    assert.ok(chiSquared > 5.4 && chiSquared < 43.8, `chi-squared ${chiSquared}`);
  }
});

Deno.test("shuffle() puts every item in every position equally often", () => {
  const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
  for (let seed = 0; seed < 4000; seed++) {
    for (const [place, item] of new FastRandom(seed).shuffle([0, 1, 2, 3]).entries()) counts[item]![place]!++;
  }
  for (const row of counts) for (const count of row) assert.ok(Math.abs(count - 1000) < 120, `${count} of 4000`);
});
