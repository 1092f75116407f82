/**
 * Runs an experiment as a user does: stopped, killed, restarted, and finally with nothing left to do.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { writePhantoms } from "../../phantoms/mod.ts";
import { readMetricsFile } from "../../training/mod.ts";
import { readResults } from "../../eval/mod.ts";
import { RunningProcess, runProcess, taskCommand } from "../process.ts";

const NAME = "single-view-mnist-pairs-smoke";

function start(cwd: string, ...flags: string[]): RunningProcess {
  const args = ["single-view", "--dataset", "mnist-pairs", "--scale", "smoke"];
  return new RunningProcess([...taskCommand("experiment"), ...args, ...flags], { cwd });
}

async function trained(folder: string): Promise<string[]> {
  const names = [];
  for await (const { name } of Deno.readDir(join(folder, "runs/experiments/trained"))) names.push(name);
  return names.sort();
}

/** Deletes a run's measurements and damages its configuration. */
async function damage(directory: string): Promise<void> {
  await Deno.remove(join(directory, "measured"), { recursive: true });
  await Deno.writeTextFile(join(directory, "config.json"), "{");
}

Deno.test("two calls of one experiment at once both end well: each waits for the runs of the other", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mmvm-experiment-" });
  try {
    const both = await Promise.all([start(folder), start(folder)].map(({ ended }) => ended));
    for (const { code, stderr } of both) assert.equal(code, 0, stderr);
    assert.equal(both[1]!.stdout, both[0]!.stdout);
    assert.equal((await trained(folder)).length, 3);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a stopped and killed experiment resumes to the same results; a failing run is named", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mmvm-experiment-" });
  try {
    const [alone, broken] = ["alone", "broken"].map((name) => join(folder, name)) as [string, string];
    await Promise.all([alone, broken].map((name) => Deno.mkdir(name)));
    const whole = await start(alone).ended;
    assert.equal(whole.code, 0, whole.stderr);
    assert.match(whole.stderr, /single-view: 3 runs, 0 of them done/);

    const [run] = await Array.fromAsync(Deno.readDir(join(alone, "runs/experiments/trained")));
    const first = start(broken, "--concurrency", "1", "--only", run!.name);
    await first.until(": step ");
    first.kill("SIGTERM");
    const stopped = await first.ended;
    assert.equal(stopped.code, 143, stopped.stderr);
    assert.match(stopped.stderr, /stopped; `deno task experiment single-view .*` resumes it/);
    // The run alone is the whole work, of which other runs are no part.
    assert.match(stopped.stderr, /^runs 0[.\d]*\/1 {2}/m);

    const second = start(broken, "--concurrency", "1");
    await second.until(": step ");
    second.kill("SIGKILL");
    assert.equal((await second.ended).signal, "SIGKILL");

    const third = await start(broken).ended;
    assert.equal(third.code, 0, third.stderr);

    const fourth = await start(broken).ended;
    assert.equal(fourth.code, 0, fourth.stderr);
    assert.match(fourth.stderr, /3 runs, 3 of them done/);
    assert.doesNotMatch(fourth.stderr, /: step /);
    assert.equal(fourth.stdout, third.stdout);

    const results = await Promise.all(
      [alone, broken].map((name) => readResults(join(name, "runs/experiments", NAME, "results.json"))),
    );
    assert.deepEqual(results[1]!.evaluations, results[0]!.evaluations);
    assert.deepEqual(results[1]!.comparisons, results[0]!.comparisons);
    assert.deepEqual(await trained(broken), await trained(alone));
    for (const name of await trained(broken)) {
      const losses = await Promise.all([alone, broken].map(async (where) => {
        const lines = await readMetricsFile(join(where, "runs/experiments/trained", name, "metrics.jsonl"));
        return lines.map(({ step, loss }) => [step, loss]);
      }));
      assert.equal(losses[0]!.length, 6);
      assert.deepEqual(losses[1], losses[0]);
    }
    const [name] = await trained(broken);
    await damage(join(broken, "runs/experiments/trained", name!));
    const fifth = await start(broken).ended;
    assert.equal(fifth.code, 1, fifth.stderr);
    assert.match(fifth.stderr, new RegExp(`failed: ${name}: \\S+config.json is not JSON`));
    assert.match(
      fifth.stderr,
      new RegExp(`1 of 3 runs failed \\(${name}\\), and no table of single-view-mnist-pairs is made without them`),
    );
    assert.doesNotMatch(fifth.stdout, /AUROC/);
    const report = await Deno.readTextFile(join(broken, "runs/experiments", NAME, "report.html"));
    assert.match(report, /<!doctype html>/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a test set with patients of the training set is refused before anything is trained", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mmvm-experiment-" });
  try {
    // The seed of the phantoms that experiments are scored on.
    await writePhantoms(join(folder, "own"), { studies: 30, seed: 777, scale: 0.02, workers: 1 });
    const flags = ["--data", "own", "--dataset", "phantoms", "--scale", "smoke", "--fresh", "10"];
    const { code, stderr } = await runProcess([...taskCommand("experiment"), "single-view", ...flags], { cwd: folder });
    assert.equal(code, 1, stderr);
    assert.match(
      stderr,
      /subjects \d+ is in \S+own too: a test set must have none of the patients that a run is trained on/,
    );
    await assert.rejects(Deno.stat(join(folder, "runs/experiments/trained")), Deno.errors.NotFound);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("--seeds leaves out the runs of other seeds", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mmvm-experiment-" });
  try {
    const seedsOf = async (...flags: string[]) => {
      const args = ["label-efficiency", "--only", "unknown", ...flags];
      const { code, stderr } = await runProcess([...taskCommand("experiment"), ...args], { cwd: folder });
      assert.equal(code, 2, stderr);
      const [, names] = /the experiment has no run unknown; its runs are (.*)/.exec(stderr)!;
      return new Set(names!.split(", ").map((name) => /-(\d)-/.exec(name)![1]));
    };
    const [all, two] = await Promise.all([seedsOf(), seedsOf("--seeds", "2")]);
    assert.deepEqual([...all].sort(), ["1", "2", "3"]);
    assert.deepEqual([...two].sort(), ["1", "2"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an unknown experiment is rejected with the list of known ones", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mmvm-experiment-" });
  try {
    const { code, stderr } = await runProcess([...taskCommand("experiment"), "tabel"], { cwd: folder });
    assert.equal(code, 2);
    assert.match(stderr, /there is no experiment "tabel"; there are table, .*label-efficiency, .*other-datasets/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
