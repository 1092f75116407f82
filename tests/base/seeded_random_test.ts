import assert from "node:assert/strict";
import fc from "fast-check";
import { SeededRandom } from "../../base/random.ts";

Deno.test("SeededRandom gives the same numbers for the same key and others for another", () => {
  const draw = (...key: (string | number)[]) => {
    const random = new SeededRandom(...key);
    return Array.from({ length: 8 }, () => random.uint32());
  };
  assert.deepEqual(draw("split", 1), draw("split", 1));
  const keys: (string | number)[][] = [["split", 1], ["split", 2], ["shuffle", 1], ["split", "1"], ["split", 1, 0], [
    1,
    1,
  ], [11]];
  assert.equal(new Set(keys.map((key) => draw(...key).join())).size, keys.length);
});

Deno.test("SeededRandom's numbers are uniform in mean, spread and every bit", () => {
  const random = new SeededRandom("uniform");
  const count = 20_000;
  const bits = new Array(32).fill(0);
  let sum = 0, squares = 0;
  for (let i = 0; i < count; i++) {
    const value = random.uint32();
    for (let bit = 0; bit < 32; bit++) bits[bit] += (value >>> bit) & 1;
    sum += value / 2 ** 32;
    squares += (value / 2 ** 32) ** 2;
  }
  // Five standard deviations of each estimate.
  assert.ok(Math.abs(sum / count - 1 / 2) < 5 * Math.sqrt(1 / 12 / count));
  assert.ok(Math.abs(squares / count - 1 / 3) < 5 * Math.sqrt(4 / 45 / count));
  for (const ones of bits) assert.ok(Math.abs(ones / count - 1 / 2) < 5 * 0.5 / Math.sqrt(count));
});

Deno.test("below() stays below its bound and reaches every value", () => {
  const random = new SeededRandom("below");
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (bound) => {
    const value = random.below(bound);
    assert.ok(Number.isInteger(value) && value >= 0 && value < bound);
  }));
  assert.equal(new Set(Array.from({ length: 200 }, () => random.below(7))).size, 7);
});

Deno.test("shuffle() keeps the items", () => {
  const items = Array.from({ length: 100 }, (_, i) => i);
  const shuffled = new SeededRandom("shuffle").shuffle([...items]);
  assert.notDeepEqual(shuffled, items);
  assert.deepEqual(shuffled.toSorted((a, b) => a - b), items);
});
