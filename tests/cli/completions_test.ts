import assert from "node:assert/strict";
import { COMMANDS } from "../../cli/commands/commands.ts";
import { METHOD_NAMES } from "../../models/mod.ts";
import { runProcess, runTask } from "../process.ts";

Deno.test("bash completes commands, options and their words from the script of deno task completions", async () => {
  const script = await runTask(["completions", "bash"]);
  assert.equal(script.code, 0, script.stderr);
  const complete = async (...words: string[]): Promise<string[]> => {
    const program =
      `${script.stdout}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mmvm; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = await runProcess(["bash", "-c", program, "bash", "mmvm", ...words]);
    assert.equal(stderr, "");
    return stdout.split("\n").filter((word) => word !== "");
  };
  assert.deepEqual(await complete(""), Object.keys(COMMANDS));
  assert.deepEqual(await complete("train", "--lat"), ["--latent-dim"]);
  assert.deepEqual(await complete("train", "--run", "a", "--method", "mo"), METHOD_NAMES.filter((n) => /^mo/.test(n)));
  assert.deepEqual(await complete("data", "x"), []);
});
