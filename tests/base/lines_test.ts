import assert from "node:assert/strict";
import fc from "fast-check";
import { nonEmptyLines } from "../../base/lines.ts";

Deno.test("nonEmptyLines() equals splitting and filtering", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "\n", "\r\n") });
  fc.assert(fc.property(text, (text) => {
    assert.deepEqual([...nonEmptyLines(text)], text.split(/\r?\n/).filter((line) => line !== ""));
  }));
});

Deno.test("nonEmptyLines() skips many empty lines", () => {
  assert.deepEqual([...nonEmptyLines("\n".repeat(20_000_000) + "x")], ["x"]);
});
