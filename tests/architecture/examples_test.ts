import assert from "node:assert/strict";
import { runDeno } from "../process.ts";
import { projectFiles, readSource } from "./source_files.ts";

Deno.test("the examples in the README, the guide to training and the engine's documentation run", async () => {
  const engine = projectFiles().filter((path) =>
    /^runtime\/.*\.ts$/.test(path) && readSource(path).includes("@example")
  );
  const files = ["README.md", "docs/training.md", ...engine];
  const examples = files.reduce((count, path) => count + [...readSource(path).matchAll(/^[ *]*```ts$/gm)].length, 0);
  assert.ok(examples > 10, `only ${examples} examples`);
  const flags = ["--no-check", "--no-prompt", "--cached-only", "--allow-read", "--allow-env"];
  const { code, stdout, stderr } = await runDeno(["test", "--doc", ...flags, ...files]);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout + stderr, new RegExp(`^ok \\| ${examples} passed \\| 0 failed`, "m"));
});
