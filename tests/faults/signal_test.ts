import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { runPaths } from "../../training/mod.ts";
import { listCheckpoints } from "../../runtime/files/checkpoint.ts";
import { Subject } from "./subject.ts";

let subject: Subject;
Deno.test.beforeAll(async () => {
  subject = await Subject.create();
});
Deno.test.afterAll(() => subject[Symbol.asyncDispose]());

const SIGNALS = [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const;

Deno.test("SIGINT, SIGTERM and SIGHUP finish the step, save, and exit with 130, 143 and 129", async () => {
  const run = "stopped";
  for (const [i, from] of [0, 5, 13, 20].entries()) {
    const [signal, exitCode] = SIGNALS[i % SIGNALS.length]!;
    const fault = { module: "./slow.ts", parameters: { from, milliseconds: 300 } };
    const process = subject.start(run, { fault });
    await process.until(`STEP ${from}\n`);
    process.kill(signal);
    // Signals that are pending together reach a program in any order, so the second one waits for the first.
    await process.until(`${signal}: `);
    // A terminal signals the process group, and `deno task` passes its own signal on: the same request twice.
    process.kill(i % 2 ? signal : "SIGTERM");
    subject.faults.tried(signal);
    const { code, stderr } = await process.ended;
    assert.equal(code, exitCode, stderr);
    assert.match(stderr, new RegExp(`${signal}: finishing the step and saving; again after 2 s to stop at once`));
    const steps = stderr.matchAll(/^STEP (\d+)$/gm).map(([, step]) => Number(step)).toArray();
    const saved = await subject.assertNothingLost(run);
    // The running step is saved, and every step before it ran once.
    assert.equal(saved, steps.at(-1)! + 1);
    assert.deepEqual(steps, Array.from(steps, (_, k) => from + k));
    assert.match(stderr, new RegExp(`\nstopped at step ${saved}; .*--run ${run} --resume. resumes it\n$`));
    subject.faults.survived(signal);
  }
  await subject.finish(run);
});

Deno.test("a signal during the evaluation ends it at once; resuming goes straight to the evaluation", async () => {
  const run = "stopped-late";
  const process = subject.start(run, { fault: { module: "./pause_evaluation.ts", parameters: {} } });
  await process.until("EVALUATING\n");
  process.kill("SIGTERM");
  subject.faults.tried("SIGTERM");
  const { code, stderr } = await process.ended;
  assert.equal(code, 143, stderr);
  assert.equal(existsSync(runPaths(subject.directory(run)).results), false);
  const fault = { module: "./slow.ts", parameters: { from: 0, milliseconds: 0 } };
  const resumed = await subject.start(run, { fault }).ended;
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.doesNotMatch(resumed.stderr, /STEP/);
  await subject.assertWhole(run);
  subject.faults.survived("SIGTERM");
});

Deno.test("a second signal ends the process at once and keeps earlier checkpoints", async () => {
  const run = "stopped-twice";
  const { checkpoints } = runPaths(subject.directory(run));
  // The second checkpoint is never renamed: the process hangs while it saves.
  const fault = { module: "./hang_rename.ts", parameters: { path: "step-0*10" } };
  const process = subject.start(run, { fault, flags: ["--checkpoint-steps", "5"] });
  await process.until("HANGING\n");
  process.kill("SIGINT");
  await process.until("SIGINT: finishing the step");
  await delay(2100);
  process.kill("SIGINT");
  subject.faults.tried("SIGINT twice");
  assert.equal((await process.ended).code, 130);
  assert.deepEqual((await listCheckpoints(checkpoints)).map(({ step }) => step), [5]);
  assert.equal(await subject.assertNothingLost(run), 5);
  await subject.finish(run);
  subject.faults.survived("SIGINT twice");
});

Deno.test("a run that loses its terminal or log trains to the end", async () => {
  const shells = {
    "standard error on a full disk": 'exec "$@" 2>/dev/full',
    "standard error closed": 'exec "$@" 2>&-',
    // The reader exits after the first line; the shell's exit code is the run's.
    "pipe whose reader left":
      'set -e; code=$( { { "$@" 2>&1 >&4; echo $? >&3; } | head -1 >&4; } 3>&1 4>/dev/null); exit $code',
  };
  for (const [i, [kind, shell]] of Object.entries(shells).entries()) {
    subject.faults.tried(kind);
    const run = `unheard-${i}`;
    const { code, stderr } = await subject.start(run, { shell }).ended;
    assert.equal(code, 0, `${kind}: ${stderr}`);
    await subject.assertWhole(run);
    subject.faults.survived(kind);
  }
});

Deno.test("failing to print the results is an error, but only after the run's files are complete", async () => {
  const kind = "standard output on a full disk";
  subject.faults.tried(kind);
  const { code, stderr } = await subject.start("no-output", { shell: 'exec "$@" >/dev/full' }).ended;
  assert.equal(code, 1, stderr);
  assert.match(stderr, /\nerror: the disk is full at standard output: free some space/);
  await subject.assertWhole("no-output");
  subject.faults.survived(kind);
});

Deno.test("every injected fault was survived", (test) => subject.faults.report(test));
