import assert from "node:assert/strict";
import fc from "fast-check";
import { isMissing, numericId, withoutDecimals } from "../../../data/index/cells.ts";

Deno.test("numericId() accepts integers, integral floats, exponents with all digits, and folder names", () => {
  for (
    const cell of [
      "10000032",
      " 10000032 ",
      "10000032.0",
      "10000032.",
      "10000032.000",
      "10000032,0",
      "p10000032",
      "s10000032.0",
    ]
  ) assert.equal(numericId(cell), "10000032", cell);
  assert.equal(numericId("1.0000032e+07"), "10000032");
  assert.equal(numericId("1.00000320E7"), "10000032");
});

Deno.test("numericId() rejects non-integers and rounded numbers", () => {
  for (
    const cell of [
      "",
      "nan",
      "1.0e+07",
      "1E+07",
      "10000032.5",
      "1.00000325e7",
      "-10000032",
      "../10000032",
      "12",
      "1e99",
    ]
  ) assert.equal(numericId(cell), undefined, cell);
});

Deno.test("numericId() recovers any number from its float notations", () => {
  fc.assert(fc.property(fc.integer({ min: 100, max: 2 ** 46 }), (id) => {
    assert.equal(numericId(id.toFixed(1)), String(id));
    assert.equal(numericId(id.toExponential(15)), String(id));
  }));
});

Deno.test("withoutDecimals() changes only integers", () => {
  const cells = ["7.0", "7", "007.00", "7.5", "v7.0", "7.0.0", ""];
  assert.deepEqual(cells.map(withoutDecimals), ["7", "7", "007", "7.5", "v7.0", "7.0.0", ""]);
});

Deno.test("isMissing() recognises common spellings of missing values", () => {
  assert.ok(["", "  ", "nan", "NaN", "NA", "n/a", "<NA>", "None", "NULL"].every(isMissing));
  assert.ok(!["0", "-", "nano", "none.jpg"].some(isMissing));
});
