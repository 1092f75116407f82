import assert from "node:assert/strict";
import { projectFiles, readSource, ROOT } from "./source_files.ts";

Deno.test("the examples of the README and of the engine's documentation run", async () => {
  const engine = projectFiles().filter((path) =>
    /^runtime\/.*\.ts$/.test(path) && readSource(path).includes("@example")
  );
  const files = ["README.md", ...engine];
  const examples = files.reduce((count, path) => count + [...readSource(path).matchAll(/^[ *]*```ts$/gm)].length, 0);
  assert.ok(examples > 10, `only ${examples} examples`);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--doc", "--no-check", "--no-prompt", "--cached-only", "--allow-read", "--allow-env", ...files],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, said);
  assert.match(said, new RegExp(`^ok \\| ${examples} passed \\| 0 failed`, "m"));
});
