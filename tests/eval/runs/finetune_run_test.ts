import assert from "node:assert/strict";
import { join } from "node:path";
import { evaluateRun, finetuneConfig, prepareFinetuning } from "../../../eval/mod.ts";
import type { HostTensor } from "../../../models/mod.ts";
import { restoreRun } from "../../../training/run/run_checkpoint.ts";
import { type RunConfig, runPaths, trainRun } from "../../../training/mod.ts";
import { Device } from "../../../runtime/mod.ts";
import { smallRunConfig, smallRunData } from "../../training/small_run.ts";

const OPTIONS = { labelled: 0.5, seed: 3, epochs: 4, learningRate: 1e-2 };

async function stateOf(run: { config: RunConfig; directory: string }): Promise<ReadonlyMap<string, HostTensor>> {
  let state: ReadonlyMap<string, HostTensor> = new Map();
  const paths = runPaths(run.directory);
  await restoreRun({ write: (tensors) => void (state = tensors) }, { paths, config: run.config, required: true });
  return state;
}

/** Names of the encoders' tensors that differ, without the number of the view. */
function changed(a: ReadonlyMap<string, HostTensor>, b: ReadonlyMap<string, HostTensor>): string[] {
  const names = [...a.keys()].filter((name) => name.startsWith("encoders."));
  const differ = names.filter((name) => a.get(name)!.data.some((value, i) => value !== b.get(name)!.data[i]));
  return [...new Set(differ.map((name) => name.replace(/^encoders\.\d\.|\.(weight|bias)$/g, "")))].sort();
}

Deno.test("fine-tuning trains the heads and the parts that are named, from the encoders of another run", async () => {
  const folder = await Deno.makeTempDir();
  const data = await smallRunData(join(folder, "cache"));
  try {
    using device = await Device.open();
    const config = smallRunConfig("mmvm");
    const source = { config, data, directory: join(folder, config.name) };
    await trainRun({ ...source, device });
    const before = await stateOf(source);
    const mean = "feature_compressor.content_mu";
    const expected = {
      frozen: [],
      "last-block": [mean, "feature_extractor.5"],
      all: [mean, "feature_extractor.0", "feature_extractor.2", "feature_extractor.5"],
    };
    for (const train of ["frozen", "last-block", "all"] as const) {
      const tuned = finetuneConfig(source, { ...OPTIONS, name: train, train });
      const run = { config: tuned, data, directory: join(folder, train) };
      assert.deepEqual(tuned.model.finetune, { train, latent: "mean" });
      await prepareFinetuning(device, { source, ...run });
      const first = await stateOf(run);
      assert.deepEqual(changed(before, first), []);
      const stop = new AbortController();
      await trainRun({
        ...run,
        device,
        resume: true,
        checkpointSteps: 1,
        signal: stop.signal,
        onStart: () => stop.abort(),
      });
      // What is there is kept, and the rest of the steps follow.
      await prepareFinetuning(device, { source, ...run });
      await trainRun({ ...run, device, resume: true });
      const after = await stateOf(run);
      assert.deepEqual(changed(before, after), expected[train], train);
      assert.notDeepEqual(after.get("classifiers.0.weight"), first.get("classifiers.0.weight"));
      const options = { bootstrap: { resamples: 20 }, commands: [], versions: {} };
      const { evaluations, runs } = await evaluateRun({ ...run, device, ...options });
      assert.deepEqual(
        evaluations.map(({ view, probe, labelledFraction, probeSeed }) => [view, probe, labelledFraction, probeSeed]),
        ["rotated", "noisy"].map((view) => [view, "supervised", 0.5, 3]),
      );
      const losses = runs[0]!.training.loss;
      assert.ok(losses.at(-1)! < losses[0]!, `${train}: ${losses[0]} to ${losses.at(-1)}`);
    }
    const other = finetuneConfig(source, { ...OPTIONS, name: "frozen", train: "frozen", learningRate: 1e-3 });
    await assert.rejects(
      prepareFinetuning(device, { source, config: other, directory: join(folder, "frozen") }),
      /was fine-tuned with other settings: delete it/,
    );
    assert.throws(
      () => finetuneConfig(source, { ...OPTIONS, name: "few", train: "all", labelled: 0.01 }),
      /1% of the labels leave \d+ pairs? to train on, and two or more are needed/,
    );
  } finally {
    data.pixels.close();
    await Deno.remove(folder, { recursive: true });
  }
});
