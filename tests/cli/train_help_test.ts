import assert from "node:assert/strict";
import { TRAIN_OPTIONS } from "../../cli/options/run_options.ts";
import { runProcess, taskCommand } from "../process.ts";

Deno.test("train --help lists each option once, in groups, the most used first", async () => {
  const { code, stdout, stderr } = await runProcess([...taskCommand("train"), "--help"]);
  assert.equal(code, 0, stderr);
  const headings = stdout.match(/^\S[^:\n]*:$/gm);
  assert.deepEqual(headings, ["Most used:", "Data:", "Model:", "Optimisation:", "Run:"]);
  assert.match(stdout, /Most used:\n {2}--data <dir>/);
  assert.match(stdout, /\n {2}-h, --help +print this help\n$/);
  const flags = stdout.match(/^ {2}--[\w-]+/gm)!;
  assert.equal(new Set(flags).size, flags.length);
  assert.equal(flags.length, Object.keys(TRAIN_OPTIONS).length);
});
