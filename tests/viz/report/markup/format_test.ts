import assert from "node:assert/strict";
import fc from "fast-check";
import * as format from "../../../../viz/report/markup/format.ts";

Deno.test("formatScore() has three decimals, or n/a for a missing value", () => {
  assert.equal(format.formatScore(0.81249), "0.812");
  assert.equal(format.formatScore(1), "1.000");
  assert.equal(format.formatScore(0), "0.000");
  assert.equal(format.formatScore(null), "n/a");
  assert.equal(format.formatScore(undefined), "n/a");
});

Deno.test("formatDifference() has a sign except on zero", () => {
  assert.equal(format.formatDifference(0.0214), "+0.021");
  assert.equal(format.formatDifference(-0.0044), "−0.004");
  assert.equal(format.formatDifference(-0.0001), "0.000");
});

Deno.test("intervals without both bounds are n/a", () => {
  assert.equal(format.formatInterval(0.7, 0.8), "0.700–0.800");
  assert.equal(format.formatInterval(null, 0.8), "n/a");
  assert.equal(format.formatDifferenceInterval(-0.01, 0.02), "−0.010 to 0.020");
});

Deno.test("formatP() never shows zero", () => {
  assert.equal(format.formatP(0.0004), "<0.001");
  assert.equal(format.formatP(0.05), "0.050");
  assert.equal(format.formatP(null), "n/a");
});

Deno.test("counts, percentages, durations and lists are formatted for readers", () => {
  assert.equal(format.formatCount(227835), "227,835");
  assert.equal(format.formatCount(999), "999");
  assert.equal(format.formatNumberOf(1, { one: "study", many: "studies" }), "1 study");
  assert.equal(format.formatPercent(0.1), "10%");
  assert.equal(format.formatPercent(0.005), "0.5%");
  assert.equal(format.formatDuration(0.42), "0.42 s");
  assert.equal(format.formatDuration(200), "3 min 20 s");
  assert.equal(format.formatDuration(162600), "45 h 10 min");
  assert.equal(format.formatList(["a", "b", "c"]), "a, b and c");
  assert.equal(format.formatList([]), "");
});

Deno.test("formatDuration() never shows 60 seconds", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 80_000 }), (tenths) => {
    assert.doesNotMatch(format.formatDuration(tenths / 10), /\b60 (s|min)\b/);
  }));
});

Deno.test("toThreeDecimals() does not change how a value is formatted", () => {
  fc.assert(fc.property(fc.double({ min: -1, max: 1, noNaN: true }), (value) => {
    assert.equal(format.formatScore(format.toThreeDecimals(value)), format.formatScore(value));
  }));
});
