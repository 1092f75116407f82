import assert from "node:assert/strict";
import fc from "fast-check";
import { expand, type KernelValues } from "../../../runtime/kernels/expand.ts";

function lines(...text: string[]): string {
  return text.map((line) => `${line}\n`).join("");
}

Deno.test("expand() repeats lines, substituting the loop's number for its letter, alone or between underscores", () => {
  const text = lines("//#for I in 2", "  sum_I_x += a_I[I] * f32(I);", "//#end");
  assert.equal(expand(text, {}), lines("  sum_0_x += a_0[0] * f32(0);", "  sum_1_x += a_1[1] * f32(1);"));
});

Deno.test("expand() does not substitute letters within words", () => {
  const text = lines("//#for I in 1", "let In = II + xI + I_0;", "//#end");
  assert.equal(expand(text, {}), lines("let In = II + xI + 0_0;"));
});

Deno.test("expand() takes loop bounds from values, and starts other than 0", () => {
  assert.equal(expand(lines("//#for I in ROWS", "I", "//#end"), { ROWS: 3 }), lines("0", "1", "2"));
  assert.equal(expand(lines("//#for I in 1..ROWS", "I", "//#end"), { ROWS: 3 }), lines("1", "2"));
  assert.equal(expand(lines("//#for I in A..3", "I", "//#end"), { A: 2 }), lines("2"));
  assert.equal(expand(lines("x", "//#for I in 0", "I", "//#end"), {}), lines("x"));
});

Deno.test("expand() keeps one branch of a condition, also nested or on a loop's letter", () => {
  const text = lines("//#if A", "a", "//#if !B", "b", "//#end", "//#else", "c", "//#end");
  assert.equal(expand(text, { A: true, B: 0 }), lines("a", "b"));
  assert.equal(expand(text, { A: 1, B: true }), lines("a"));
  assert.equal(expand(text, { A: false }), lines("c"));
  assert.equal(expand(lines("//#for I in 2", "//#if I", "x_I", "//#end", "//#end"), {}), lines("x_1"));
});

Deno.test("expand() nests loops", () => {
  const text = lines("//#for I in 2", "//#for J in 2", "s_I_J;", "//#end", "//#end");
  assert.equal(expand(text, {}), lines("s_0_0;", "s_0_1;", "s_1_0;", "s_1_1;"));
});

Deno.test("expand() names the invalid directive or value", () => {
  const cases: [string, KernelValues, RegExp][] = [
    [lines("//#for I in 2", "x"), {}, /\/\/#for has no \/\/#end/],
    [lines("//#if A", "x"), { A: true }, /\/\/#if has no \/\/#end/],
    [lines("//#end"), {}, /directive \/\/#end,/],
    [lines("//#for I in 2", "//#else", "//#end"), {}, /directive \/\/#else,/],
    [lines("//#for row in 2", "//#end"), {}, /directive \/\/#for row in 2,/],
    [lines("//#unless A", "//#end"), {}, /directive \/\/#unless A,/],
    [lines("//#for I in N", "//#end"), {}, /uses N, which has no value/],
    [lines("//#if A", "//#end"), {}, /uses A, which has no value/],
    [lines("//#for I in N", "//#end"), { N: 1.5 }, /over I needs whole numbers, got 0 to 1.5/],
    [lines("//#for T in 2", "//#end"), { T: "vec4f" }, /over T hides a value/],
  ];
  for (const [text, values, message] of cases) {
    assert.throws(() => expand(text, values), { name: "TypeError", message }, text);
  }
});

Deno.test("expand() returns text without directives unchanged", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    fc.pre(!text.includes("//#"));
    assert.equal(expand(text, { I: 1 }), text);
  }));
});
