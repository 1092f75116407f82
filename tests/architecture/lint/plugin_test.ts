import assert from "node:assert/strict";
import plugin from "./plugin.ts";

/** The rules that a source breaks, each with the text that it reports. */
function found(source: string, file = "runtime/foo.ts"): [rule: string, text: string][] {
  const diagnostics = Deno.lint.runPlugin(plugin, `/project/${file}`, source);
  return diagnostics.map(({ id, range: [start, end] }) => [id.replace("mmvm/", ""), source.slice(start, end)]);
}

/** A module that breaks no rule, with this code in it. */
function module(code: string): string {
  return `/**\n * About foo.\n *\n * @module\n */\n${code}\n`;
}

Deno.test("a module that breaks no rule is not reported", () => {
  assert.deepEqual(found(module(`export const foo = "bar";`)), []);
});

Deno.test("module-doc asks for a @module comment before the first statement, in all files but tests", () => {
  const late = `export const foo = 1;\n/** @module */\n`;
  assert.deepEqual(found(late), [["module-doc", "e"]]);
  assert.deepEqual(found(`// @module\nexport const foo = 1;\n`), [["module-doc", "/"]]);
  assert.deepEqual(found(`/** About modules. */\nexport const foo = 1;\n`), [["module-doc", "/"]]);
  assert.deepEqual(found(""), [["module-doc", ""]]);
  assert.deepEqual(found(late, "tests/foo_test.ts"), []);
  assert.deepEqual(found(`/// <reference lib="deno.worker" />\n${module("export {};")}`), []);
});

Deno.test("line-length counts code and comments, after letters outside of ASCII too", () => {
  const comment = `// ${"x".repeat(117)}`;
  assert.deepEqual(found(module(comment)), []);
  assert.deepEqual(found(module(`${comment}yz`)), [["line-length", "yz"]]);
  assert.deepEqual(found(module(`// é 😀\n${comment}yz`)), [["line-length", "yz"]]);
});

Deno.test("line-length excuses a URL and one long literal, but not a template of several lines", () => {
  const long = "x ".repeat(70);
  assert.deepEqual(found(module(`// https://example.org/${"x".repeat(120)}`)), []);
  assert.deepEqual(found(module(`export const foo = "${long}";`)), []);
  assert.deepEqual(found(module(`// é 😀\nexport const foo = "${long}";`)), []);
  assert.deepEqual(found(module(`export const foo = /${long}/;`)), []);
  assert.deepEqual(found(module(`export const foo = \`${long}\`;`)), []);
  assert.deepEqual(found(module(`export const foo = \`\n${"x".repeat(123)}\n\`;`)), [["line-length", "xxx"]]);
  assert.deepEqual(found(module(`export const foo = "a"; // ${"x".repeat(93)}yz`)), [["line-length", "yz"]]);
});

Deno.test("error-sentence asks for lower case and no full stop, also in joined and templated messages", () => {
  const reported = (message: string) => found(module(`throw new RangeError(${message});`)).map(([, text]) => text);
  assert.deepEqual(reported(`"the size must be positive, not 0"`), []);
  assert.deepEqual(reported(`"The size must be positive"`), [`"The size must be positive"`]);
  assert.deepEqual(reported(`"the size must be positive."`), [`"the size must be positive."`]);
  assert.deepEqual(reported("`The size is ${1}` + `, not ${2}.`").length, 2);
  assert.deepEqual(reported("`the size is ${1}` + `, not ${2}`"), []);
});

Deno.test("error-sentence leaves names, acronyms and expressions alone", () => {
  const code = [
    `new Error("JPEG data is corrupt")`,
    `new Error("WebGPU is missing")`,
    `new Error("Deno 2 is needed")`,
    `new Error("Adam's state is damaged")`,
    "new Error(`${'Foo'} is unknown`)",
    "new Error(message)",
    "new Error()",
    `new Map("The")`,
  ];
  for (const expression of code) assert.deepEqual(found(module(`throw ${expression};`)), [], expression);
  assert.deepEqual(found(module(`throw new Error("The end.");`), "tests/foo.ts"), []);
});

Deno.test("no-type-escape finds any and the comments that silence the checker", () => {
  const texts = (code: string) => found(module(code)).map(([, text]) => text);
  assert.deepEqual(texts(`export const foo: any[] = [];`), ["any"]);
  assert.deepEqual(texts(`export const foo = bar as unknown as Record<string, any>;`), ["any"]);
  assert.deepEqual(texts(`// @ts-ignore: no\nfoo();`), ["// @ts-ignore: no"]);
  assert.deepEqual(texts(`// @ts-expect-error no\nfoo();`), ["// @ts-expect-error no"]);
  assert.deepEqual(texts(`// deno-lint-ignore no-explicit-any\nfoo();`), ["// deno-lint-ignore no-explicit-any"]);
  assert.deepEqual(texts(`/** Takes any number. */\nexport const any = "any";`), []);
});

Deno.test("every-test-runs finds tests that are left out or left alone", () => {
  const texts = (code: string) => found(code, "tests/foo_test.ts").map(([, text]) => text);
  assert.deepEqual(texts(`Deno.test.only("a", () => {});`), [`Deno.test.only("a", () => {})`]);
  assert.deepEqual(texts(`Deno.test.ignore("a", () => {});`), [`Deno.test.ignore("a", () => {})`]);
  assert.deepEqual(texts(`Deno.test({ name: "a", only: true, fn() {} });`), ["only: true"]);
  assert.deepEqual(texts(`Deno.test({ name: "a", ignore: true, fn() {} });`), ["ignore: true"]);
  assert.deepEqual(texts(`Deno.test({ name: "a", ignore: Deno.build.os !== "linux", fn() {} });`), []);
});

Deno.test("one-process-helper finds processes that tests start by themselves", () => {
  const start = module(`new Deno.Command("ls").outputSync();`);
  assert.deepEqual(found(start, "tests/data/foo_test.ts"), [["one-process-helper", "Deno.Command"]]);
  const node = module(`import "node:child_process";`);
  assert.deepEqual(found(node, "tests/data/foo.ts"), [["one-process-helper", `import "node:child_process";`]]);
  assert.deepEqual(found(start, "tests/process.ts"), []);
  assert.deepEqual(found(start, "cli/setup/host.ts"), []);
});

Deno.test("snake-case-file finds other names", () => {
  const source = module("export {};");
  assert.deepEqual(found(source, "runtime/fooBar.ts").map(([rule]) => rule), ["snake-case-file"]);
  assert.deepEqual(found(source, "runtime/foo-bar.ts").map(([rule]) => rule), ["snake-case-file"]);
  assert.deepEqual(found(source, "runtime/foo_bar.d.ts"), []);
});
