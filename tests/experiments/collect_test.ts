import assert from "node:assert/strict";
import { join } from "node:path";
import { collectPart } from "../../experiments/collect.ts";
import type { Arm } from "../../experiments/experiment.ts";
import { pendingJobs } from "../../experiments/pending_jobs.ts";
import {
  claimDirectory,
  measurementPath,
  planDirectory,
  planName,
  readMeasurement,
  writeMeasurement,
} from "../../experiments/run_store.ts";
import { baseOf, vaeRun } from "../../experiments/definitions/scales.ts";
import { evaluated } from "../../experiments/definitions/arms.ts";
import type { Results } from "../../eval/results/results.ts";
import { syntheticResults } from "../eval/results/synthetic_results.ts";

const base = baseOf("mnist-pairs", { scale: "smoke" });

/** Writes synthetic results as the measurement of an arm's run. */
async function measuredArm(root: string, arm: Arm, change: (results: Results) => void = () => {}): Promise<Arm> {
  const { model: { method }, training: { seed } } = arm.run.config;
  const results = await syntheticResults({ name: planName(arm.run), method, seed, noise: method === "mmvm" ? 0 : 1 });
  change(results);
  await writeMeasurement(results, { root, plan: arm.run, evaluation: arm.evaluation });
  return arm;
}

async function inFolder(work: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "mmvm-experiment-" });
  try {
    await work(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const mmvm = evaluated(base, vaeRun(base, "mmvm", { seed: 1 }));
const poe = evaluated(base, vaeRun(base, "poe", { seed: 1 }));

Deno.test("collectPart() combines arms under their settings, with each run and set of test studies once", () =>
  inFolder(async (root) => {
    await measuredArm(root, mmvm);
    await measuredArm(root, poe);
    const arms = [mmvm, poe, { ...mmvm, setting: { alpha: 0.5 } }];
    const results = await collectPart({ name: "some", arms }, { root, title: "some arms" });
    assert.deepEqual(results.runs.map(({ name }) => name), [planName(mmvm.run), planName(poe.run)]);
    assert.equal(results.cases.length, 1);
    assert.deepEqual(
      results.evaluations.map(({ method, view, setting }) => [method, view, setting.alpha ?? null]),
      [
        ["mmvm", "frontal", null],
        ["mmvm", "lateral", null],
        ["poe", "frontal", null],
        ["poe", "lateral", null],
        ["mmvm", "frontal", 0.5],
        ["mmvm", "lateral", 0.5],
      ],
    );
  }));

Deno.test("pendingJobs() lists unmeasured runs, and a run with two measurements once", () =>
  inFolder(async (root) => {
    await measuredArm(root, mmvm);
    const noisy = { ...mmvm, evaluation: { ...mmvm.evaluation, labelNoise: { share: 0.1, seed: 1 } } };
    const noisier = { ...mmvm, evaluation: { ...mmvm.evaluation, labelNoise: { share: 0.2, seed: 1 } } };
    const parts = [{ name: "one", arms: [mmvm, noisy, poe] }, { name: "two", arms: [noisier, mmvm, poe] }];
    const names = (jobs: Awaited<ReturnType<typeof pendingJobs>>) =>
      jobs.map(({ plan, evaluations }) => [planName(plan), evaluations.length]);
    assert.deepEqual(names(await pendingJobs(parts, { root })), [[planName(mmvm.run), 2], [planName(poe.run), 1]]);
    assert.deepEqual(names(await pendingJobs(parts, { root, all: true })), [
      [planName(mmvm.run), 3],
      [planName(poe.run), 1],
    ]);
  }));

Deno.test("collectPart() rejects unmeasured runs and different labels by name", () =>
  inFolder(async (root) => {
    await measuredArm(root, mmvm);
    const part = { name: "some", arms: [mmvm, poe] };
    await assert.rejects(collectPart(part, { root, title: "" }), {
      name: "DataError",
      message: `run ${planName(poe.run)} was not measured; run the experiment again`,
    });
    await measuredArm(root, poe, ({ data, evaluations }) => {
      data.labels[0] = "another";
      for (const { metrics, macro } of evaluations) {
        const { label } = metrics[0]!;
        metrics[0]!.label = "another";
        macro.labels = macro.labels.map((name) => name === label ? "another" : name);
      }
    });
    await assert.rejects(collectPart(part, { root, title: "" }), {
      name: "DataError",
      message: new RegExp(`runs ${planName(mmvm.run)} and ${planName(poe.run)} have different labels`),
    });
  }));

Deno.test("readMeasurement() rejects another version, another run and damaged files by path", () =>
  inFolder(async (root) => {
    const { run, evaluation } = await measuredArm(root, mmvm);
    const path = measurementPath(root, run, evaluation);
    const text = await Deno.readTextFile(path);
    const refused = async (changed: string, message: RegExp) => {
      await Deno.writeTextFile(path, changed);
      await assert.rejects(readMeasurement(root, run, evaluation), (error: Error) => {
        assert.equal(error.name, "DataError");
        assert.match(error.message, message);
        assert.ok(error.message.includes(path));
        return true;
      });
    };
    await refused(text.replace('"version": 1', '"version": 2'), /version 2 of the results format/);
    await refused(text.replace(/"value":0\.\d+/, '"value":NaN'), /NaN in line \d+/);
    await refused(text.replaceAll(planName(run), "mmvm-9-000000000000"), /this belongs to run mmvm-9-000000000000/);
    assert.equal(await readMeasurement(root, poe.run, poe.evaluation), undefined);
  }));

Deno.test("claimDirectory() rejects a folder with another run's plan", () =>
  inFolder(async (root) => {
    const directory = await claimDirectory(root, mmvm.run);
    assert.equal(directory, planDirectory(root, mmvm.run));
    assert.equal(await claimDirectory(root, mmvm.run), directory);
    await Deno.copyFile(
      join(await claimDirectory(root, poe.run), "plan.json"),
      join(directory, "plan.json"),
    );
    await assert.rejects(claimDirectory(root, mmvm.run), { name: "DataError", message: /another run's plan/ });
  }));
