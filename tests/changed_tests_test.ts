import assert from "node:assert/strict";
import { affectedTests, namedFiles } from "./changed_tests.ts";

const FILES = ["a.ts", "b.ts", "tests/a_test.ts", "tests/b_test.ts", "tests/helper.ts", "tests/architecture/c_test.ts"];
const IMPORTS = [
  { from: "tests/a_test.ts", to: "a.ts" },
  { from: "tests/b_test.ts", to: "tests/helper.ts" },
  { from: "tests/helper.ts", to: "b.ts" },
  { from: "b.ts", to: "kernel.wgsl" },
];

Deno.test("affectedTests() follows imports, also through helpers, and keeps the tests of the whole project", () => {
  const tests = (...changed: string[]) => affectedTests(changed, { imports: IMPORTS, files: FILES });
  assert.deepEqual(tests("a.ts"), ["tests/a_test.ts", "tests/architecture/c_test.ts"]);
  assert.deepEqual(tests("kernel.wgsl"), ["tests/b_test.ts", "tests/architecture/c_test.ts"]);
  assert.deepEqual(tests("tests/a_test.ts", "b.ts").slice(0, 2), ["tests/a_test.ts", "tests/b_test.ts"]);
  assert.deepEqual(tests("README.md"), ["tests/architecture/c_test.ts"]);
});

Deno.test("affectedTests() ends on circles", () => {
  const imports = [{ from: "a.ts", to: "b.ts" }, { from: "b.ts", to: "a.ts" }, { from: "tests/a_test.ts", to: "a.ts" }];
  assert.deepEqual(affectedTests(["b.ts"], { imports, files: ["tests/a_test.ts"] }), ["tests/a_test.ts"]);
});

Deno.test("namedFiles() finds files and tasks that a test starts", () => {
  const commands = { prepare: "deno run --quiet -P=terminal cli/prepare.ts", ok: "deno task check" };
  const text = 'run("cli/train.ts"); runTask(["prepare", "--data"]); runTask(["ok"]); join(ROOT, "README.md");';
  assert.deepEqual(namedFiles(text, commands), ["cli/train.ts", "README.md", "cli/prepare.ts"]);
});
