import assert from "node:assert/strict";
import fc from "fast-check";
import { fillTemplate } from "../../../runtime/kernels/template.ts";

Deno.test("fillTemplate() replaces names and leaves WGSL's own braces alone", () => {
  assert.equal(
    fillTemplate("var a: {{TYPE}} = {{ TYPE }}(1.0); if (x) { y(); }", { TYPE: "vec4f" }),
    "var a: vec4f = vec4f(1.0); if (x) { y(); }",
  );
});

Deno.test("fillTemplate() keeps one part of a condition, nested ones too", () => {
  const template = "{{#if A}}a{{#if B}}b{{else}}-{{/if}}{{else}}{{#if B}}B{{/if}}{{/if}}.";
  assert.equal(fillTemplate(template, { A: true, B: 1 }), "ab.");
  assert.equal(fillTemplate(template, { A: true, B: 0 }), "a-.");
  assert.equal(fillTemplate(template, { A: false, B: true }), "B.");
  assert.equal(fillTemplate(template, { A: "", B: "" }), ".");
});

Deno.test("fillTemplate() does not ask for names in the part that is dropped", () => {
  assert.equal(fillTemplate("{{#if A}}{{MISSING}}{{/if}}", { A: false }), "");
});

Deno.test("fillTemplate() repeats bodies, with a count by name or number, nested ones too", () => {
  const template = "{{#for I in ROWS}}{{#for J in 2}}m{{I}}{{J}};{{/for}}{{/for}}";
  assert.equal(fillTemplate(template, { ROWS: 2 }), "m00;m01;m10;m11;");
  assert.equal(fillTemplate(template, { ROWS: 0 }), "");
});

Deno.test("fillTemplate() refuses what it cannot fill in", () => {
  const bad: [string, RegExp][] = [
    ["{{A}}", /\{\{A\}\} has no value/],
    ["{{#if A}}x", /has no value|\/if/],
    ["{{#for I in 2}}x", /\{\{\/for\}\} is missing/],
    ["{{#for I}}x{{/for}}", /a loop reads/],
    ["{{#for I in A}}x{{/for}}", /has no value/],
    ["x{{/if}}", /neither a name nor/],
    ["x{{else}}", /neither a name nor/],
    ["{{#for I in 2}}{{else}}{{/for}}", /neither a name nor/],
    ["{{a b}}", /neither a name nor/],
  ];
  for (const [template, message] of bad) {
    assert.throws(() => fillTemplate(template, {}), (error: Error) => {
      return error instanceof TypeError && message.test(error.message);
    }, template);
  }
  assert.throws(() => fillTemplate("{{#for I in A}}{{/for}}", { A: 1.5 }), /whole number/);
});

Deno.test("fillTemplate() gives text without tags back unchanged", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    fc.pre(!text.includes("{{"));
    assert.equal(fillTemplate(text, {}), text);
  }));
});
