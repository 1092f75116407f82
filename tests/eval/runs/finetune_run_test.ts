import assert from "node:assert/strict";
import { join } from "node:path";
import { pairsOfSplit } from "../../../data/mod.ts";
import { batchesInOrder } from "../../../eval/runs/batches_in_order.ts";
import { encodePairs } from "../../../eval/runs/encode_pairs.ts";
import { openEncoders } from "../../../eval/runs/open_model.ts";
import { evaluateRun, finetuneConfig, prepareFinetuning } from "../../../eval/mod.ts";
import { ClassifierInference, type HostTensor } from "../../../models/mod.ts";
import { classifierConfig } from "../../../training/run_trainer.ts";
import { restoreRun } from "../../../training/run/run_checkpoint.ts";
import { type RunConfig, runPaths, trainRun } from "../../../training/mod.ts";
import { Device } from "../../../runtime/mod.ts";
import { smallRunConfig, smallRunData, withMissingViews } from "../../training/small_run.ts";

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

Deno.test("heads of fine-tuning see latents of mean 0 and deviation 1 over the training split", async () => {
  const folder = await Deno.makeTempDir();
  const data = withMissingViews(await smallRunData(join(folder, "cache")));
  try {
    using device = await Device.open();
    for (const method of ["mmvm", "barlow-twins"]) {
      const config = smallRunConfig(method, { missing: true, training: { epochs: 1 } });
      const source = { config, data, directory: join(folder, method) };
      await trainRun({ ...source, device });
      const tuned = finetuneConfig(source, { ...OPTIONS, name: "tuned", train: "frozen" });
      const run = { config: tuned, directory: join(folder, `${method}-tuned`) };
      await prepareFinetuning(device, { source, ...run });
      const state = await stateOf(run);
      using encoders = await openEncoders(device, source);
      const pairs = pairsOfSplit(data.index, encoders.views.pairs, "train");
      const latents = await encodePairs({ model: encoders.model, data, pairs });
      for (const [m, { values, dimension }] of latents.entries()) {
        const [mean, deviation] = ["mean", "deviation"].map((part) => state.get(`classifiers.${m}.${part}`)!.data);
        for (let d = 0; d < dimension; d++) {
          const seen = [...values].flatMap((value, i) =>
            i % dimension === d ? [(value - mean![d]!) / deviation![d]!] : []
          );
          const average = (powers: 1 | 2) => seen.reduce((sum, value) => sum + value ** powers, 0) / seen.length;
          assert.ok(Math.abs(average(1)) < 1e-4, `${average(1)}`);
          // What never varies, such as a unit that is always off, stays 0.
          assert.ok(deviation![d] === 1 ? average(2) < 1e-9 : Math.abs(average(2) - 1) < 1e-4, `${average(2)}`);
        }
      }
      using classifier = await ClassifierInference.open(device, {
        config: classifierConfig(tuned, data),
        batchSize: tuned.training.batchSize,
      });
      classifier.write(state);
      const [batch] = await Array.fromAsync(
        batchesInOrder(data, { pairs: { ...pairs, count: 8 }, batchSize: tuned.training.batchSize }),
        ({ pixels }) => ({ pixels: pixels.slice() }),
      );
      const [features, scores] = [await classifier.features(batch!), (await classifier.score(batch!)).views];
      const [mean, deviation, weight, bias] = ["mean", "deviation", "weight", "bias"]
        .map((part) => state.get(`classifiers.1.${part}`)!.data);
      const width = mean!.length;
      const logit = Array.from(mean!, (own, d) => (features[1]![3 * width + d]! - own) / deviation![d]! * weight![d]!)
        .reduce((a, b) => a + b, bias![0]!);
      const score = scores[1]![3 * bias!.length]!;
      assert.ok(Math.abs(score - 1 / (1 + Math.exp(-logit))) < 1e-5, `${score} for a logit of ${logit}`);
    }
  } finally {
    data.pixels.close();
    await Deno.remove(folder, { recursive: true });
  }
});

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
      assert.deepEqual(tuned.model.finetune, { train, latent: "mean", standardized: true });
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
