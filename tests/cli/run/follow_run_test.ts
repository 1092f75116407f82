import assert from "node:assert/strict";
import { join } from "node:path";
import { followRun } from "../../../cli/run/follow_run.ts";
import { describeState, readRunState } from "../../../cli/run/run_state.ts";
import { writeResults } from "../../../eval/mod.ts";
import { lockRun } from "../../../training/mod.ts";
import { syntheticResults } from "../../eval/results/synthetic_results.ts";
import { smallRunConfig } from "../../training/small_run.ts";

/** 96 pairs in batches of this many for two epochs. */
const config = smallRunConfig("mmvm");
const TOTAL = 2 * Math.floor(96 / config.training.batchSize);

const line = (step: number) =>
  `${
    JSON.stringify({
      step,
      loss: 100 - step,
      gradientNorm: 1,
      alpha: 0,
      learningRate: 1e-3,
      studiesPerSecond: 40,
      seconds: step,
    })
  }\n`;

class Run {
  constructor(readonly directory: string) {}

  add(...steps: number[]): void {
    Deno.writeTextFileSync(join(this.directory, "metrics.jsonl"), steps.map(line).join(""), { append: true });
  }

  beginTraining(): void {
    const images = { names: "", pixels: "" };
    const fingerprint = { digest: "0".repeat(64), pairs: 96, studies: [], labels: "", images };
    const record = { schema: "mmvm-run-data", version: 1, fingerprint, accepted: [] };
    Deno.writeTextFileSync(join(this.directory, "data.json"), JSON.stringify(record));
  }
}

async function withRun(check: (run: Run) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const directory = join(folder, "live");
    await Deno.mkdir(directory);
    await Deno.writeTextFile(join(directory, "config.json"), JSON.stringify({ ...config, name: "live" }));
    await check(new Run(directory));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Follows a run without a terminal; `until` waits for a text. */
function follow({ directory }: Run) {
  const stop = new AbortController();
  let shown = "";
  const stream = { isTTY: false, write: (text: string) => (shown += text, true) };
  const ended = followRun(directory, { stream, signal: stop.signal, interval: 5, lineInterval: 0 });
  const until = async (text: string) => {
    const end = performance.now() + 60_000;
    while (!shown.includes(text) && performance.now() < end) await new Promise((done) => setTimeout(done, 5));
    assert.ok(shown.includes(text), shown);
  };
  return { stop, ended, until, text: () => shown };
}

const stateOf = async ({ directory }: Run) => describeState(await readRunState(directory)).slice(2);

Deno.test("followRun() shows the steps of another process as they come, and ends when it does", () =>
  withRun(async (run) => {
    const lock = await lockRun(run.directory);
    const { ended, until, text } = follow(run);
    await until("live: preparing; the first step is still to come\n");
    assert.deepEqual(await stateOf(run), ["", "", "", "preparing"]);
    run.beginTraining();
    run.add(0);
    await until(`live 1/${TOTAL}  loss 100.00  studies/s 40`);
    run.add(1, 2);
    await until(`live 3/${TOTAL}  loss 98.000`);
    assert.deepEqual(await stateOf(run), [`3 of ${TOTAL}`, "98.000", "", "training"]);
    lock[Symbol.dispose]();
    await ended;
    assert.ok(text().endsWith(`live: stopped, 3 of ${TOTAL} steps\n`), text());
    assert.ok(!text().includes("\r") && !text().includes("\x1b"), text());
  }));

Deno.test("followRun() goes on where a resumed run does, whose file is new and shorter", () =>
  withRun(async (run) => {
    using _lock = await lockRun(run.directory);
    run.beginTraining();
    run.add(0, 1, 2, 3);
    const { stop, ended, until } = follow(run);
    await until(`live 4/${TOTAL}`);
    await Deno.remove(join(run.directory, "metrics.jsonl"));
    run.add(0, 1);
    await until(`live 2/${TOTAL}`);
    stop.abort();
    await ended;
  }));

Deno.test("followRun() leaves a run alone when it is stopped itself, and says nothing of its end", () =>
  withRun(async (run) => {
    using _lock = await lockRun(run.directory);
    run.beginTraining();
    run.add(0);
    const { stop, ended, until, text } = follow(run);
    await until("live 1/");
    stop.abort();
    await ended;
    assert.doesNotMatch(text(), /stopped|trained/);
    assert.equal((await readRunState(run.directory)).state, "training");
  }));

Deno.test("readRunState() shows the best score of validations until there is an evaluation, and names it", () =>
  withRun(async (run) => {
    run.beginTraining();
    run.add(0, 1);
    const validated = (step: number, more: Record<string, unknown>) =>
      Deno.writeTextFileSync(
        join(run.directory, "metrics.jsonl"),
        `${JSON.stringify({ kind: "validation", step, epoch: 1, pairs: 8, seconds: 1, ...more })}\n`,
        { append: true },
      );
    const best = async () => (await stateOf(run))[2];
    assert.equal(await best(), "");
    validated(1, { loss: 95.25 });
    validated(2, { loss: 97 });
    validated(3, { loss: null });
    assert.equal(await best(), "loss 95.250 validation");
    validated(4, { loss: 98, auroc: { frontal: 0.6, lateral: 0.7, mean: 0.65 } });
    validated(5, { loss: 98, auroc: { frontal: 0.6, lateral: 0.6, mean: 0.6 } });
    assert.equal(await best(), "AUROC 0.650 validation");
    const results = await syntheticResults({ name: "live", method: "mmvm" });
    await writeResults(join(run.directory, "results.json"), results);
    const scores = results.evaluations.map(({ view, macro }) => ({ view, auroc: macro.auroc.value! }));
    const { view, auroc } = scores.reduce((a, b) => b.auroc > a.auroc ? b : a);
    assert.ok(scores.length > 1);
    assert.equal(await best(), `AUROC ${auroc.toFixed(3)} ${view}`);
  }));

Deno.test("readRunState() tells a run that was stopped from one that is trained, and skips torn lines", () =>
  withRun(async (run) => {
    run.beginTraining();
    run.add(...Array(TOTAL - 1).keys());
    Deno.writeTextFileSync(join(run.directory, "metrics.jsonl"), '{"step": 7', { append: true });
    assert.equal((await readRunState(run.directory)).state, "stopped");
    Deno.writeTextFileSync(join(run.directory, "metrics.jsonl"), "\n", { append: true });
    run.add(TOTAL - 1);
    assert.deepEqual(await stateOf(run), [`${TOTAL} of ${TOTAL}`, (101 - TOTAL).toPrecision(5), "", "trained"]);
    // A lock file that was left behind by a killed process is nobody's.
    Deno.writeTextFileSync(join(run.directory, "lock"), "{}");
    assert.equal((await readRunState(run.directory)).state, "trained");
  }));
