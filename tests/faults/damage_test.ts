import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { SeededRandom } from "../../base/random.ts";
import { runPaths } from "../../training/mod.ts";
import { latestCheckpoint, listCheckpoints } from "../../runtime/files/checkpoint.ts";
import { Subject } from "./subject.ts";

/** Number of single-bit errors tried. */
const FLIPS = 300;
/** Bytes between two lengths to which a checkpoint is cut. */
const CUT = 1000;

/** The run that every test damages a fresh copy of. */
const RUN = "damaged";

let subject: Subject;
let pristine: string;
Deno.test.beforeAll(async () => {
  subject = await Subject.create();
  pristine = join(subject.folder, "pristine");
  await killRun();
  await cp(subject.directory(RUN), pristine, { recursive: true });
});
Deno.test.afterAll(() => subject[Symbol.asyncDispose]());

/** Kills a run after its checkpoints at steps 3 and 6. */
async function killRun(): Promise<void> {
  const fault = { module: "./slow.ts", parameters: { from: 7, milliseconds: 30_000 } };
  const process = subject.start(RUN, { flags: ["--checkpoint-steps", "3"], fault });
  await process.until("STEP 7\n");
  process.kill("SIGKILL");
  await process.ended;
}

/** Puts the killed run in place as it was; returns the paths of its checkpoints. */
async function killedRun(): Promise<{ before: string; last: string }> {
  const directory = subject.directory(RUN);
  await Deno.remove(directory, { recursive: true });
  await cp(pristine, directory, { recursive: true });
  const [last, before] = await listCheckpoints(runPaths(directory).checkpoints);
  assert.deepEqual([last?.step, before?.step], [6, 3]);
  return { before: before!.path, last: last!.path };
}

Deno.test("a truncated or bit-flipped checkpoint is detected, and the previous one is used", async () => {
  const { last } = await killedRun();
  const { checkpoints } = runPaths(subject.directory(RUN));
  const whole = await Deno.readFile(last);
  const fallsBack = async (what: string) => {
    const { found, warnings } = await latestCheckpoint(checkpoints);
    assert.equal(found?.state.step, 3, what);
    assert.equal(warnings.length, 1, what);
    assert.match(
      warnings[0]!,
      /step-00000006\.safetensors is not a usable checkpoint: .*; falling back to the one before$/,
    );
  };
  let cuts = 0;
  for (let length = Math.floor((whole.length - 1) / CUT) * CUT; length >= 0; length -= CUT, cuts++) {
    await Deno.truncate(last, length);
    subject.faults.tried("checkpoint cut");
    await fallsBack(`cut at byte ${length}`);
    subject.faults.survived("checkpoint cut");
  }
  assert.ok(cuts > 1000);
  await Deno.writeFile(last, whole);
  const random = new SeededRandom("flips");
  {
    using file = await Deno.open(last, { write: true });
    for (let flip = 0; flip < FLIPS; flip++) {
      const at = random.below(whole.length);
      const put = async (byte: number) => {
        await file.seek(at, Deno.SeekMode.Start);
        await file.write(Uint8Array.of(byte));
      };
      await put(whole[at]! ^ (1 << random.below(8)));
      subject.faults.tried("checkpoint with a flipped bit");
      await fallsBack(`bit flipped in byte ${at}`);
      subject.faults.survived("checkpoint with a flipped bit");
      await put(whole[at]!);
    }
  }
  assert.equal((await latestCheckpoint(checkpoints)).found?.state.step, 6);
});

Deno.test("a run resumes from the checkpoint before a damaged one, warns, and ends bit-identical", async () => {
  for (const damage of ["cut", "flipped"]) {
    const kind = damage === "cut" ? "checkpoint cut" : "checkpoint with a flipped bit";
    const { last } = await killedRun();
    subject.faults.tried(kind);
    const { size } = await Deno.stat(last);
    if (damage === "cut") await Deno.truncate(last, Math.floor(size / 2));
    else {
      using file = await Deno.open(last, { read: true, write: true });
      await file.seek(size - 100, Deno.SeekMode.Start);
      await file.write(Uint8Array.of(0x55));
    }
    assert.equal(await subject.assertNothingLost(RUN, { warnings: 1 }), 3);
    const { code, stderr } = await subject.start(RUN).ended;
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /^warning: \S+step-00000006\.safetensors is not a usable checkpoint: .*; falling back to the one before$/m,
    );
    await subject.assertWhole(RUN);
    subject.faults.survived(kind);
  }
});

Deno.test("a run whose checkpoints are all damaged restarts from its first step, with a warning", async () => {
  const { before, last } = await killedRun();
  for (const path of [before, last]) await Deno.truncate(path, 100);
  subject.faults.tried("all checkpoints cut");
  const { code, stderr } = await subject.start(RUN).ended;
  assert.equal(code, 0, stderr);
  assert.equal(stderr.matchAll(/^warning: .* is not a usable checkpoint/gm).toArray().length, 2);
  assert.match(stderr, /^warning: no checkpoint can be used: the run starts again from its first step$/m);
  await subject.assertWhole(RUN);
  subject.faults.survived("all checkpoints cut");
});

Deno.test("torn metrics are rewritten on resuming; a torn configuration is an error", async () => {
  await killedRun();
  const { metrics, config } = runPaths(subject.directory(RUN));
  const lines = (await Deno.readTextFile(metrics)).trimEnd().split("\n");
  await Deno.writeTextFile(metrics, [...lines, '{"step": 6, "loss"', "null", '"x"', "\0\0\0"].join("\n"));
  const text = await Deno.readTextFile(config);
  await Deno.writeTextFile(config, text.slice(0, text.length / 2));
  subject.faults.tried("torn metrics and configuration");
  const refused = await subject.start(RUN).ended;
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /^error: runs\/damaged\/config\.json is not JSON \(.*\): start a new run or repair the file\n$/,
  );
  await Deno.writeTextFile(config, text);
  await subject.finish(RUN);
  subject.faults.survived("torn metrics and configuration");
});

Deno.test("every injected fault was survived", (test) => subject.faults.report(test));
