import assert from "node:assert/strict";
import { join } from "node:path";
import { validationAuroc } from "../../../eval/mod.ts";
import { Scope, VaeInference } from "../../../models/mod.ts";
import { Device, randomNormalData } from "../../../runtime/mod.ts";
import { latestCheckpoint, listCheckpoints } from "../../../runtime/files/checkpoint.ts";
import { KeptBatches, validationPairs } from "../../../training/validation/validation_sample.ts";
import {
  readMetricsFile,
  readValidations,
  type RunConfig,
  type RunData,
  runPaths,
  trainRun,
  type TrainRunOptions,
  viewsOfRun,
} from "../../../training/mod.ts";
import { vaeConfig } from "../../../training/run_trainer.ts";
import { smallRunConfig, smallRunData, withMissingViews, withReports } from "../small_run.ts";

let folder: string;
let device: Device;
let data: RunData;
Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "mmvm_validate_run_" });
  data = await smallRunData(join(folder, "cache"));
  device = await Device.open();
});
Deno.test.afterAll(async () => {
  device[Symbol.dispose]();
  await Deno.remove(folder, { recursive: true });
});

/** Trains a run in a folder of its own. */
async function trained(name: string, config: RunConfig, options: Partial<TrainRunOptions> = {}) {
  const directory = join(folder, name);
  const run = await trainRun({ config, directory, data, device, auroc: validationAuroc, ...options });
  return { ...run, ...await filesOf(directory) };
}

/** What a run leaves, without times. */
async function filesOf(directory: string) {
  const paths = runPaths(directory);
  const { found: last } = await latestCheckpoint(paths.checkpoints);
  const { found: best } = await latestCheckpoint(paths.best);
  const steps = await readMetricsFile(paths.metrics);
  const validations = await readValidations(paths.metrics);
  return {
    last: last!.tensors,
    best: best && { step: best.state.step, tensors: best.tensors },
    steps: steps.map(({ step, loss, gradientNorm }) => ({ step, loss, gradientNorm })),
    validations: validations.map(({ seconds: _, ...line }) => line),
  };
}

Deno.test("a run is validated after every epoch, by default, and trains the same parameters as without", async () => {
  const config = smallRunConfig("mmvm");
  const run = await trained("validated", config);
  assert.deepEqual(run.validations.map(({ step, epoch }) => [step, epoch]), [[6, 1], [12, 2]]);
  const without = await trained("not-validated", { ...config, training: { ...config.training, validateSteps: 0 } });
  assert.deepEqual(without.validations, []);
  assert.deepEqual(without.last, run.last);
  assert.deepEqual(without.steps, run.steps);
  const [line] = run.validations;
  assert.deepEqual(Object.keys(line!.sharing!.responsibility), data.index.views);
  assert.ok(line!.reconstruction! > 0 && line!.kl! > 0 && line!.pairs === 16 && line!.auroc === undefined);
});

Deno.test("the validation loss is the objective in evaluation mode, at final weights, with keyed noise", async () => {
  const config = smallRunConfig("independent");
  const { validations, last } = await trained("loss", config);
  const { batchSize, seed, beta } = config.training;
  const { latentDim, likelihood: { scale } } = config.model;
  using model = VaeInference.open(device, { config: vaeConfig(config, viewsOfRun(config, data), data), batchSize });
  model.write(last);
  const pairs = validationPairs(config, data, { stepsPerEpoch: 6 })!;
  const batch = (await Array.fromAsync(new KeptBatches(data, { pairs, batchSize }).read()))[0]!;
  const stream = Scope.declaring().stream("reparameterisation");
  const noise = randomNormalData(2 * batchSize * latentDim, { seed, stream, step: 2 ** 31 });
  const { mu, logvar } = await model.encode(batch);
  const each = [...mu].flatMap((values) => [...values]);
  const variances = [...logvar].flatMap((values) => [...values]);
  const z = Float32Array.from(each, (value, i) => value + Math.exp(variances[i]! / 2) * noise[i]!);
  const decoded = (await model.decodeLatents(z)).flatMap((values) => [...values]);
  const errors = decoded.map((value, i) => Math.abs(batch.pixels[i]! / 255 - value) / scale + Math.log(2 * scale));
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const reconstruction = sum(errors) / batchSize;
  const kl = sum(each.map((value, i) => (Math.exp(variances[i]!) + value ** 2 - 1 - variances[i]!) / 2)) / batchSize;
  const line = validations.at(-1)!;
  const close = (actual: number, expected: number) => assert.ok(Math.abs(actual / expected - 1) < 1e-5, `${actual}`);
  close(line.reconstruction!, reconstruction);
  close(line.kl!, kl);
  close(line.loss, reconstruction + beta * kl);
  const parts = data.index.views.map((view) => line[`nll ${view}`]!);
  close(sum(parts), reconstruction);
});

const EVERY_KIND = {
  validateSteps: 2,
  validateAuroc: true,
  keepBest: "loss",
  patience: 2,
  epochs: 3,
  // Large enough to overshoot, so that the loss does not only fall.
  learningRate: 0.05,
} as const;

Deno.test("a stopped and resumed run has the same validations, best checkpoint and early stop", async () => {
  const config = smallRunConfig("mmvm", { training: EVERY_KIND });
  const whole = await trained("whole", config, { checkpointSteps: 3, keep: 100 });
  assert.ok(whole.early && !whole.stopped && whole.steps.length < 18, `${whole.steps.length} steps`);
  assert.equal(whole.best!.step, whole.early.best!.step);
  assert.ok(whole.best!.step < whole.steps.length);
  for (let stops = 0, resume = false;; resume = true) {
    assert.ok(stops < 30);
    const stop = new AbortController();
    let seen = 0;
    const { stopped, ...run } = await trained("stopped", config, {
      resume,
      signal: stop.signal,
      checkpointSteps: 1,
      onProgress: () => ++seen > 4 && stop.abort(),
    });
    if (stopped) {
      stops++;
      continue;
    }
    assert.ok(stops > 0);
    for (const part of ["early", "last", "best", "steps", "validations"] as const) {
      assert.deepEqual(run[part], whole[part], part);
    }
    break;
  }
  const again = await trained("stopped", config, { resume: true });
  assert.deepEqual(again.early, whole.early, "a run that stopped early stays stopped");
  assert.deepEqual(again.steps, whole.steps);
});

Deno.test("a best checkpoint that was lost with the process is written on resuming", async () => {
  const config = smallRunConfig("mmvm", { training: { keepBest: "loss" } });
  const run = await trained("lost-best", config);
  assert.equal(run.best!.step, 12, "the loss falls");
  await Deno.remove(runPaths(join(folder, "lost-best")).best, { recursive: true });
  const again = await trained("lost-best", config, { resume: true });
  assert.deepEqual(again.best, run.best);
  assert.equal((await listCheckpoints(runPaths(join(folder, "lost-best")).best)).length, 1);
});

Deno.test("probes of latents, and classifiers' scores, give an AUROC for each view and their mean", async () => {
  const [a, b] = data.index.views as [string, string];
  const of = async (method: string, run: RunData = data) => {
    const missing = run !== data;
    const config = smallRunConfig(method, { training: { validateAuroc: true, keepBest: "auroc", epochs: 1 }, missing });
    const { validations, best } = await trained(`auroc-${method}-${missing}`, config, { data: run });
    assert.equal(best!.step, 6);
    const [{ auroc, sharing }] = validations as [typeof validations[0]];
    for (const value of Object.values(auroc!)) assert.ok(value > 0.3 && value <= 1, `${method}: ${value}`);
    return { names: Object.keys(auroc!), shares: sharing !== undefined };
  };
  assert.deepEqual(await of("mmvm"), { names: [a, b, "mean"], shares: true });
  assert.deepEqual(await of("moe", withMissingViews(data)), { names: [a, b, "mean"], shares: true });
  assert.deepEqual(await of("supervised"), { names: [a, b, "mean"], shares: false });
  assert.deepEqual(await of("supervised-joint", withMissingViews(data)), { names: ["joint", "mean"], shares: false });
});

Deno.test("a run with a text view is validated on it, too", async () => {
  const withText = withReports(data);
  const config = smallRunConfig("mmvm", {
    model: { views: [data.index.views[0]!, "text"], textLength: 32, textFilterDim: 2 },
    training: { epochs: 1 },
  });
  const { validations: [line] } = await trained("text", config, { data: withText });
  assert.ok(line!["nll text"]! > 0);
  assert.deepEqual(Object.keys(line!.sharing!.activeUnits), [data.index.views[0], "text"]);
});

Deno.test("what needs validations is refused without a validation split; other runs go on without", async () => {
  const kept = data.pairs.study.findIndex((study) => data.index.splitOfStudy(study) === 1);
  const none = { ...data, pairs: { ...data.pairs, count: kept } };
  const config = smallRunConfig("mmvm", { training: { epochs: 1 } });
  assert.deepEqual((await trained("no-split", config, { data: none })).validations, []);
  const asks = (training: object) =>
    trained("asks", { ...config, training: { ...config.training, ...training } }, { data: none });
  await assert.rejects(asks({ patience: 3 }), /--patience 3 needs a validation split.*--split paper/);
  await assert.rejects(asks({ keepBest: "loss", validateSteps: 0 }), /--keep-best loss needs validations/);
});
