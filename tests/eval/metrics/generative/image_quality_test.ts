import assert from "node:assert/strict";
import { meanSquaredError, structuralSimilarity } from "../../../../eval/metrics/generative/structural_similarity.ts";

const SIDE = 16;
const pattern = (value: (y: number, x: number) => number) =>
  Float64Array.from({ length: SIDE * SIDE }, (_, i) => value(Math.floor(i / SIDE), i % SIDE));
const FIRST = pattern((y, x) => (y * 7 + x * 13) % 32 / 31);
const SECOND = pattern((y, x) => (y * 7 + x * 13 + x * y % 5) % 32 / 31);

Deno.test("structuralSimilarity() equals scikit-image 0.19", () => {
  for (
    const [other, expected] of [
      [SECOND, 0.6771685115140513],
      [FIRST.map((value) => 0.8 * value + 0.1), 0.9756567046938294],
      [FIRST.map((value) => 1 - value), -0.9798184855050229],
      [FIRST, 1],
    ] as const
  ) {
    const value = structuralSimilarity(FIRST, other, { side: SIDE });
    assert.ok(Math.abs(value - expected) < 1e-12, `${value} is not ${expected}`);
    assert.ok(Math.abs(structuralSimilarity(other, FIRST, { side: SIDE }) - value) < 1e-14);
  }
});

Deno.test("meanSquaredError() averages over pixels", () => {
  assert.equal(meanSquaredError([0, 1, 0, 0], [1, 1, 0.5, 0], { side: 2 }), 0.3125);
});

Deno.test("images too small for the window, or of other sizes, are rejected", () => {
  assert.throws(() => structuralSimilarity([0], [0], { side: 1 }), /at least 11 pixels a side, not 1/);
  assert.throws(() => structuralSimilarity([0, 1], [0], { side: 1 }), /1 x 1 pixels need 1 values each, not 2 and 1/);
});
