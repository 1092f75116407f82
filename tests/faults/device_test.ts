import assert from "node:assert/strict";
import { readMetricsFile, runPaths } from "../../training/mod.ts";
import { latestCheckpoint, listCheckpoints } from "../../runtime/files/checkpoint.ts";
import { assertSameTensors, STEPS, Subject } from "./subject.ts";

let subject: Subject;
Deno.test.beforeAll(async () => {
  subject = await Subject.create();
});
Deno.test.afterAll(() => subject[Symbol.asyncDispose]());

const EVERY_THREE = ["--checkpoint-steps", "3"];

Deno.test("a run whose device is lost continues from its last checkpoint on a new device, bit for bit", async () => {
  const fault = { module: "./lose_device.ts", parameters: { at: 10, times: 2 } };
  subject.faults.tried("lost device", 2);
  const { code, stderr } = await subject.start("lost", { flags: EVERY_THREE, fault }).ended;
  assert.equal(code, 0, stderr);
  const warnings = stderr.matchAll(
    /^warning: the GPU device was lost .* Going on with a device opened anew \((\d) of 2\)$/gm,
  );
  assert.deepEqual(warnings.map(([, count]) => count).toArray(), ["1", "2"]);
  await subject.assertWhole("lost");
  subject.faults.survived("lost device", 2);
});

Deno.test("a device lost before the first checkpoint costs only the steps so far", async () => {
  const fault = { module: "./lose_device.ts", parameters: { at: 2, times: 1 } };
  subject.faults.tried("lost device");
  const { code, stderr } = await subject.start("lost-early", { fault }).ended;
  assert.equal(code, 0, stderr);
  await subject.assertWhole("lost-early");
  subject.faults.survived("lost device");
});

Deno.test("a device lost repeatedly at one step ends the run with a one-line error; it can be resumed", async () => {
  const fault = { module: "./lose_device.ts", parameters: { at: 10, times: 100 } };
  subject.faults.tried("device lost for good");
  const { code, stderr } = await subject.start("lost-for-good", { flags: EVERY_THREE, fault }).ended;
  assert.equal(code, 1, stderr);
  assert.match(stderr, /\nerror: the GPU device was lost [^\n]*\n$/);
  assert.equal(await subject.assertNothingLost("lost-for-good"), 9);
  await subject.finish("lost-for-good");
  subject.faults.survived("device lost for good");
});

for (const [kind, says] of [["memory", "out of GPU memory in submit"], ["driver", "the driver failed"]] as const) {
  Deno.test(`a GPU failure during training (${kind}) is recovered from, bit for bit`, async () => {
    subject.faults.tried(`GPU fails on the way: ${kind}`);
    const fault = { module: "./fail_device.ts", parameters: { at: 11, times: 1, kind } };
    const { code, stderr } = await subject.start(`failed-${kind}`, { flags: EVERY_THREE, fault }).ended;
    assert.equal(code, 0, stderr);
    assert.ok(stderr.includes(`warning: ${says}. Going on with a device opened anew (1 of 2)\n`), stderr);
    await subject.assertWhole(`failed-${kind}`);
    subject.faults.survived(`GPU fails on the way: ${kind}`);
  });
}

Deno.test("an evaluation whose device is lost is repeated on a new device", async () => {
  subject.faults.tried("lost device in the evaluation");
  const fault = { module: "./lose_device_late.ts", parameters: { times: 1 } };
  const { code, stderr } = await subject.start("lost-late", { fault }).ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^warning: the GPU device was lost .* Going on with a device opened anew \(1 of 2\)$/m);
  await subject.assertWhole("lost-late");
  subject.faults.survived("lost device in the evaluation");
});

Deno.test("a non-finite loss stops a run, naming step and op; --skip-nonfinite skips the batch", async () => {
  const run = "diverged";
  const fault = { module: "./bad_numbers.ts", parameters: { at: 7 } };
  subject.faults.tried("numbers that are not finite", 3);
  const stopped = await subject.start(run, { flags: EVERY_THREE, fault }).ended;
  assert.equal(stopped.code, 1, stopped.stderr);
  const sentence =
    /^error: the loss is (NaN|Infinity) at step 7: the first result that is not finite is that of mul\(\), applied at .*vae\.ts.*--resume --skip-nonfinite 1.*$/m;
  assert.match(stopped.stderr, sentence);
  assert.equal(await subject.assertNothingLost(run), 6);
  const again = await subject.start(run, { flags: EVERY_THREE, fault }).ended;
  assert.match(again.stderr, sentence);
  assert.equal(await subject.assertNothingLost(run), 6);

  const skipping = await subject.start(run, { flags: [...EVERY_THREE, "--skip-nonfinite", "1"], fault }).ended;
  assert.equal(skipping.code, 0, skipping.stderr);
  assert.match(
    skipping.stderr,
    /^warning: the loss is .* at step 7: .* is left out, the 1\. of at most 1; going on from step 6$/m,
  );
  assert.match(skipping.stderr, /^warning: 1 batches were skipped, at steps 7$/m);
  const { metrics, checkpoints } = runPaths(subject.directory(run));
  const { found } = await latestCheckpoint(checkpoints);
  assert.deepEqual(found!.state.details.skipped, [7]);
  const lines = await readMetricsFile(metrics);
  assert.equal(lines.length, STEPS - 1);
  // The skipped batch must not have entered batch norm's running statistics either.
  for (const [name, { data }] of found!.tensors) assert.ok(data.every(Number.isFinite), name);
  subject.faults.survived("numbers that are not finite", 3);
});

Deno.test("a run that skips a batch has the same result, stopped and resumed or not", async () => {
  const fault = { module: "./bad_numbers.ts", parameters: { at: 7 } };
  const flags = ["--skip-nonfinite", "3", "--checkpoint-steps"];
  const whole = await subject.start("left-out", { flags: [...flags, "100"], fault }).ended;
  assert.equal(whole.code, 0, whole.stderr);
  const { checkpoints } = runPaths(subject.directory("left-out"));
  const { checkpoints: others } = runPaths(subject.directory("diverged"));
  const [one, other] = [(await latestCheckpoint(checkpoints)).found!, (await latestCheckpoint(others)).found!];
  assertSameTensors(one, other);
  assert.equal((await listCheckpoints(checkpoints)).length, 1);
});

Deno.test("a model too large for GPU memory is rejected with peak, limit and a batch size that fits", async () => {
  const run = "large";
  subject.faults.tried("too little GPU memory");
  const { code, stderr } = await subject.start(run, { flags: ["--batch-size", "32", "--gpu-memory", "2.5"] }).ended;
  assert.equal(code, 1, stderr);
  const [, wanted, available, fits] =
    /^error: out of GPU memory: program training step wants (\d+) bytes, and about (\d+) are available\. That is for a batch of 32 pairs; --batch-size (\d+) fits(, and the whole batch does with --accumulate \d+)?$/m
      .exec(stderr) ?? [];
  assert.ok(Number(wanted) > Number(available), stderr);
  assert.ok(Number(fits) >= 2 && Number(fits) < 32, stderr);
  const smaller = await subject.start("small", { flags: ["--batch-size", fits!, "--gpu-memory", "2.5"] }).ended;
  assert.equal(smaller.code, 0, smaller.stderr);
  subject.faults.survived("too little GPU memory");
});

Deno.test("every injected fault was survived", (test) => subject.faults.report(test));
