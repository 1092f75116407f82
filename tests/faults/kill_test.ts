import assert from "node:assert/strict";
import { join } from "node:path";
import { SeededRandom } from "../../base/random.ts";
import { readResults } from "../../eval/mod.ts";
import { latestCheckpoint, listCheckpoints, readCheckpoint } from "../../runtime/files/checkpoint.ts";
import { readValidations, runPaths } from "../../training/mod.ts";
import { assertSameTensors, type Fault, STEPS, Subject } from "./subject.ts";

/** Number of kills. */
const KILLS = 30;

/** Maximum number of times that one run is killed. */
const KILLS_A_RUN = 6;

/** Approximate number of GPU submissions other than one per step, so that the evaluation is killed too. */
const OTHER_SUBMISSIONS = 6;

/** Longest delay of a kill after the submission, in milliseconds: about the duration of a step. */
const DELAY = 30;

let subject: Subject;
let lanes: readonly Subject[];
Deno.test.beforeAll(async () => {
  subject = await Subject.create();
  lanes = [subject, await subject.beside("lane")];
});
Deno.test.afterAll(() => subject[Symbol.asyncDispose]());

/** Runs a job in both lanes in parallel, because each process spends half of its time waiting. */
async function atOnce(job: (lane: Subject, index: number) => Promise<unknown>): Promise<void> {
  const ends = await Promise.allSettled(lanes.map(job));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

Deno.test(`a run killed at ${KILLS} random moments ends bit for bit like an uninterrupted one`, async () => {
  const kind = "killed at a random moment";
  const random = new SeededRandom("kills");
  let left = KILLS;
  const killAndFinish = async (lane: Subject, run: string) => {
    for (let kills = 0, reached = 0; kills < KILLS_A_RUN && left > 0;) {
      left--;
      const at = 1 + Math.floor(random.uniform() * (STEPS - reached + OTHER_SUBMISSIONS));
      const fault = { module: "./count_submits.ts", parameters: { at } };
      const process = lane.start(run, { fault, flags: ["--checkpoint-steps", "3"] });
      // A run with fewer submissions ends without printing SUBMITTED.
      await Promise.race([process.until("SUBMITTED").catch(() => {}), process.ended]);
      await new Promise((resolve) => setTimeout(resolve, random.uniform() * DELAY));
      process.kill("SIGKILL");
      const { signal, code, stderr } = await process.ended;
      if (signal !== "SIGKILL") {
        left++;
        assert.equal(code, 0, stderr);
        return await lane.assertWhole(run);
      }
      kills++;
      lane.faults.tried(kind);
      reached = await lane.assertNothingLost(run, { since: reached });
      lane.faults.survived(kind);
    }
    await lane.finish(run);
  };
  await atOnce(async (lane) => {
    for (let i = 0; left > 0; i++) await killAndFinish(lane, `killed-${i}`);
  });
  assert.equal(left, 0);
});

/** File operations at which a process is frozen and killed, in the order in which a run reaches them. */
const MOMENTS = [
  { what: "while the draft of the configuration is written", call: "write", path: "draft\\.json", when: "half" },
  { what: "before the configuration exists", call: "rename", path: "config\\.json$", when: "before" },
  { what: "after the configuration exists", call: "rename", path: "config\\.json$", when: "after" },
  { what: "while the first metrics are written", call: "write", path: "metrics\\.jsonl$", when: "half" },
  { what: "when the first checkpoint is created", call: "open", path: "step-.*tmp$", when: "after" },
  { what: "halfway through the first checkpoint", call: "write", path: "step-.*tmp$", nth: 9, when: "half" },
  { what: "halfway through the second checkpoint", call: "write", path: "step-0*6.*tmp$", when: "half" },
  { what: "when a checkpoint is written but not synced", call: "sync", path: "step-.*tmp$", when: "before" },
  { what: "before a checkpoint is renamed", call: "rename", path: "step-", when: "before" },
  { what: "after a checkpoint is renamed", call: "rename", path: "step-", when: "after" },
  { what: "before an old checkpoint is removed", call: "remove", path: "step-", when: "before" },
  { what: "after an old checkpoint is removed", call: "remove", path: "step-", when: "after" },
  { what: "while the metrics are rewritten on resuming", call: "write", path: "metrics", when: "half" },
  { what: "before the rewritten metrics are renamed", call: "rename", path: "metrics", when: "before" },
  { what: "after the rewritten metrics are renamed", call: "rename", path: "metrics", when: "after" },
  { what: "while the results are written", call: "write", path: "results\\.json", when: "half" },
  { what: "before the results are renamed", call: "rename", path: "results\\.json$", when: "before" },
  { what: "before the report is renamed", call: "rename", path: "report\\.html$", when: "before" },
] as const;

Deno.test(`a run killed at ${MOMENTS.length} file operations ends bit for bit like an uninterrupted one`, async () => {
  const kind = "killed at a file operation";
  await atOnce(async (lane, index) => {
    const run = "frozen";
    let reached = 0;
    for (const { what, ...access } of MOMENTS.filter((_, i) => i % lanes.length === index)) {
      const fault = { module: "./freeze.ts", parameters: access };
      const process = lane.start(run, { fault, flags: ["--checkpoint-steps", "3"] });
      await process.until("FROZEN");
      process.kill("SIGKILL");
      assert.equal((await process.ended).signal, "SIGKILL");
      lane.faults.tried(kind);
      const step = await lane.assertNothingLost(run, { since: reached });
      if (/after a checkpoint/.test(what)) assert.ok(step > reached, what);
      reached = step;
      lane.faults.survived(kind);
    }
    await lane.finish(run);
  });
});

/** File operations at which a run with validations is killed, in the order in which it reaches them. */
const VALIDATED_MOMENTS = [
  { call: "write", path: "metrics\\.jsonl$", nth: 2, when: "half" },
  { call: "rename", path: "best/step-", when: "before" },
  { call: "rename", path: "best/step-", when: "after" },
  { call: "remove", path: "best/step-", when: "before" },
] as const;

Deno.test("a run killed around its best checkpoint has the same validations, best and early stop", async () => {
  const flags = ["--validate-steps", "2", "--keep-best", "loss", "--patience", "2", "--lr", "0.1"];
  const outcome = async (run: string) => {
    const { metrics, best, checkpoints } = runPaths(subject.directory(run));
    const validations = (await readValidations(metrics)).map(({ seconds: _, ...line }) => line);
    const files = await listCheckpoints(best);
    assert.equal(files.length, 1);
    return {
      validations,
      best: await readCheckpoint(files[0]!.path),
      last: (await latestCheckpoint(checkpoints)).found!,
    };
  };
  const whole = await subject.start("validated", { flags }).ended;
  assert.equal(whole.code, 0, whole.stderr);
  const early =
    /^stopped early at step (\d+), after 2 validations without a lower loss; the best was \S+ after step (\d+)$/m;
  const [, stopped, best] = early.exec(whole.stderr) ?? [];
  assert.ok(Number(stopped) < STEPS && Number(best) === Number(stopped) - 4, whole.stderr);
  const expected = await outcome("validated");
  for (const access of VALIDATED_MOMENTS) {
    subject.faults.tried("killed around a validation");
    const process = subject.start("validated-killed", { flags, fault: { module: "./freeze.ts", parameters: access } });
    await process.until("FROZEN");
    process.kill("SIGKILL");
    assert.equal((await process.ended).signal, "SIGKILL");
    subject.faults.survived("killed around a validation");
  }
  const resumed = await subject.start("validated-killed", { flags }).ended;
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.deepEqual(early.exec(resumed.stderr)?.slice(1), [stopped, best]);
  const actual = await outcome("validated-killed");
  assert.deepEqual(actual.validations, expected.validations);
  assertSameTensors(actual.best, expected.best);
  assertSameTensors(actual.last, expected.last);
});

/** All that decides how a run trains, beside its method and sizes; this schedule depends on the validations. */
const EVERY_SETTING = [
  ...["--validate-steps", "2", "--validate-auroc", "--keep-best", "loss", "--augment", "--ema", "0.9"],
  ...["--optimizer", "adamw", "--weight-decay", "0.01", "--accumulate", "2", "--clip", "100", "--warmup-steps", "3"],
  ...["--schedule", "plateau", "--plateau-patience", "0", "--plateau-factor", "0.5", "--lr", "0.1"],
  ...["--checkpoint-steps", "3", "--log", "tensorboard,mlflow"],
];

/** Where such a run is killed, in the order in which it gets there. */
const EVERY_SETTING_KILLS: readonly Fault[] = [
  { module: "./freeze.ts", parameters: { call: "rename", path: "best/step-", when: "before" } },
  { module: "./freeze.ts", parameters: { call: "write", path: "step-.*tmp$", nth: 9, when: "half" } },
  // Two submissions a step, one for each micro-batch, and those of validations: in the middle of training.
  { module: "./count_submits.ts", parameters: { at: 14 } },
  { module: "./freeze.ts", parameters: { call: "rename", path: "results\\.json$", when: "before" } },
];

Deno.test("a killed run with validation, schedule, average, augmentation and micro-batches has every bit", async () => {
  const run = "every-setting";
  const outcome = async (lane: Subject) => {
    const { metrics, best, checkpoints, results } = runPaths(lane.directory(run));
    const lines = (await Deno.readTextFile(metrics)).trimEnd().split("\n").map((line) => JSON.parse(line));
    return {
      lines: lines.map(({ seconds: _, studiesPerSecond: __, ...line }) => line),
      best: (await latestCheckpoint(best)).found!,
      last: (await latestCheckpoint(checkpoints)).found!,
      evaluations: (await readResults(results)).evaluations,
    };
  };
  const finish = async (lane: Subject) => {
    const { code, stderr } = await lane.start(run, { flags: EVERY_SETTING }).ended;
    assert.equal(code, 0, stderr);
  };
  const stepsReached: number[] = [];
  await atOnce(async (lane, index) => {
    for (const fault of index === 0 ? [] : EVERY_SETTING_KILLS) {
      lane.faults.tried("killed with every setting");
      const process = lane.start(run, { flags: EVERY_SETTING, fault });
      await process.until(fault.module === "./freeze.ts" ? "FROZEN" : "SUBMITTED");
      process.kill("SIGKILL");
      assert.equal((await process.ended).signal, "SIGKILL");
      const { found } = await latestCheckpoint(runPaths(lane.directory(run)).checkpoints);
      stepsReached.push(found!.state.step);
      lane.faults.survived("killed with every setting");
    }
    await finish(lane);
  });
  assert.equal(stepsReached.at(-1), STEPS);
  const [whole, killed] = await Promise.all([outcome(subject), outcome(lanes[1]!)]);
  const rates = new Set(whole.lines.flatMap(({ learningRate }) => learningRate ?? []));
  assert.ok(rates.size > 3, "the warm-up and a plateau changed the learning rate");
  assert.ok([...whole.last.tensors.keys()].some((name) => name.startsWith("optimizer.ema.")));
  assert.deepEqual(killed.lines, whole.lines);
  assert.deepEqual(killed.evaluations, whole.evaluations);
  assertSameTensors(killed.best, whole.best);
  assertSameTensors(killed.last, whole.last);
});

Deno.test("a run killed while its images are prepared resumes with --resume alone", async () => {
  // What the tuner measured stays: kernels chosen anew may sum in another order than those of the run to compare with.
  const cache = join(subject.folder, "cache");
  for (const { name } of [...Deno.readDirSync(cache)].filter(({ name }) => !name.startsWith("tuning-"))) {
    await Deno.remove(join(cache, name), { recursive: true });
  }
  const process = subject.start("preparing");
  await process.until("preparing images");
  process.kill("SIGKILL");
  await process.ended;
  subject.faults.tried("killed while images are prepared");
  assert.deepEqual(subject.begun("preparing"), { draft: true, config: false });
  await subject.finish("preparing");
  subject.faults.survived("killed while images are prepared");
});

Deno.test("--resume starts a run that does not exist yet, and says so", async () => {
  // As a process leaves it that was killed before it wrote anything.
  await Deno.mkdir(subject.directory("requeued"), { recursive: true });
  const { code, stderr } = await subject.start("requeued", { flags: ["--resume"] }).ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^there is no run in runs\/requeued yet; starting one$/m);
  await subject.assertWhole("requeued");
});

Deno.test("every injected fault was survived", (test) => subject.faults.report(test));
