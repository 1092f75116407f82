import assert from "node:assert/strict";
import { parseArguments, parseConfig } from "../../../cli/options/options.ts";
import { requireCompute, runConfigOf, TRAIN_GROUPS, TRAIN_OPTIONS } from "../../../cli/options/run_options.ts";
import { checkRunConfig } from "../../../training/run/run_config.ts";

const spec = { name: "train", summary: "Trains.", options: TRAIN_OPTIONS };

function configFrom(args: readonly string[]) {
  const { values } = parseArguments(spec, args);
  const config = runConfigOf(values, { root: undefined, alphaSteps: values.alphaSteps ?? 0 });
  // The configuration that train writes is the one that later tasks read.
  return checkRunConfig(JSON.parse(JSON.stringify(config)), { file: "config.json" });
}

Deno.test("without flags, a run has the published settings except for its size", () => {
  const { model, training } = configFrom([]);
  assert.equal(model.method, "mmvm");
  assert.equal(model.views, undefined);
  assert.deepEqual([model.prior, model.jointKl, model.moeAssignment], ["pairwise", "views", "slices"]);
  assert.deepEqual(model.likelihood, { name: "laplace", scale: 0.75 });
  assert.deepEqual([training.beta, training.betaWarmupSteps, training.alphaSchedule, training.alpha], [1, 0, "exp", 0]);
  assert.deepEqual([training.labelled, training.labelledSeed], [1, 0]);
});

Deno.test("flags of the objective, the views and the labels reach the configuration", () => {
  const { model, training } = configFrom([
    ...["--method", "supervised-joint", "--views", "frontal,lateral", "--view-weights", "1,0.5"],
    ...["--prior", "mixture", "--joint-kl", "once", "--moe-assignment", "stratified"],
    ...["--alpha-schedule", "cosine", "--alpha", "0.25", "--alpha-steps", "40", "--beta-warmup-steps", "7"],
    ...["--loss", "softmax", "--positive-weights", "balanced", "--labelled", "0.1", "--labelled-seed", "3"],
  ]);
  assert.equal(model.method, "supervised-joint");
  assert.deepEqual([model.views, model.viewWeights], [["frontal", "lateral"], [1, 0.5]]);
  assert.deepEqual([model.prior, model.jointKl, model.moeAssignment], ["mixture", "once", "stratified"]);
  assert.deepEqual([model.loss, model.positiveWeights], ["softmax", "balanced"]);
  const { alphaSchedule, alpha, alphaSteps, betaWarmupSteps, labelled, labelledSeed } = training;
  assert.deepEqual([alphaSchedule, alpha, alphaSteps, betaWarmupSteps], ["cosine", 0.25, 40, 7]);
  assert.deepEqual([labelled, labelledSeed], [0.1, 3]);
});

Deno.test("the precision is in config.json only if it is f16, so that older checkpoints stay valid", () => {
  assert.equal(configFrom(["--precision", "f16"]).training.precision, "f16");
  assert.ok(!("precision" in configFrom(["--precision", "f32"]).training));
  assert.throws(() => configFrom(["--precision", "f64"]), /--precision must be f32 or f16/);
});

Deno.test("what products multiply is in config.json only if it is f16, so that older checkpoints stay valid", () => {
  const { compute, ...rest } = configFrom(["--precision", "f16", "--compute", "f16"]).training;
  assert.equal(compute, "f16");
  assert.deepEqual(rest, configFrom(["--precision", "f16", "--compute", "f32"]).training);
  assert.throws(() => configFrom(["--compute", "f64"]), /--compute must be f32 or f16/);
});

Deno.test("products of float16 without storage of float16 are refused", () => {
  requireCompute({ compute: "f16", precision: "f16" });
  requireCompute({ compute: "f32", precision: "f32" });
  assert.throws(() => requireCompute({ compute: "f16", precision: "f32" }), /--compute f16 needs --precision f16/);
});

Deno.test("settings of the optimiser are in config.json only if given, so that older checkpoints stay valid", () => {
  const plain = configFrom([]).training;
  const flags = [
    ...["--optimizer", "sgd", "--weight-decay", "0.01", "--momentum", "0.5", "--nesterov", "--clip", "1"],
    ...["--schedule", "cosine", "--warmup-steps", "5", "--final-factor", "0.1", "--accumulate", "4", "--ema", "0.999"],
  ];
  const given = configFrom(flags).training;
  const added = Object.entries(given).filter(([field]) => !(field in plain));
  assert.deepEqual(Object.fromEntries(added), {
    optimizer: "sgd",
    weightDecay: 0.01,
    momentum: 0.5,
    nesterov: true,
    clip: 1,
    schedule: "cosine",
    warmupSteps: 5,
    finalFactor: 0.1,
    accumulate: 4,
    ema: 0.999,
  });
  assert.throws(() => configFrom(["--ema", "1"]), /--ema must be a number/);
  assert.throws(() => configFrom(["--clip", "0"]), /--clip must be a number/);
  assert.throws(() => configFrom(["--optimizer", "lion"]), /--optimizer must be adam, adamw or sgd/);
});

Deno.test("lists in a configuration file are read as lists", () => {
  const given = parseConfig(TRAIN_OPTIONS, { views: ["lateral"], viewWeights: [2] }, { source: "run.json" });
  assert.deepEqual(given, { views: ["lateral"], viewWeights: [2] });
});

Deno.test("invalid lists and unknown words are rejected, naming the flag", () => {
  assert.throws(
    () => configFrom(["--view-weights", "1,,2"]),
    /--view-weights must be comma-separated numbers of at least 0/,
  );
  assert.throws(() => configFrom(["--view-weights", "1,-2"]), /--view-weights must be/);
  assert.throws(() => configFrom(["--views", "frontal,"]), /--views must be comma-separated view names/);
  assert.throws(
    () => configFrom(["--method", "vae"]),
    /--method must be mmvm, independent, poe, .* or supervised-joint/,
  );
  assert.throws(() => configFrom(["--alpha", "2"]), /--alpha must be a number from 0 to 1/);
  assert.throws(() => configFrom(["--labelled", "0"]), /--labelled must be/);
});

Deno.test("a configuration that predates these flags is still read, unchanged", () => {
  const { model, training, ...rest } = configFrom([]);
  const { prior: _a, jointKl: _b, moeAssignment: _c, loss: _d, positiveWeights: _e, ...oldModel } = model;
  const { betaWarmupSteps: _f, alphaSchedule: _g, alpha: _h, labelled: _i, labelledSeed: _j, ...oldTraining } =
    training;
  const old = { ...rest, model: oldModel, training: oldTraining };
  assert.equal(JSON.stringify(checkRunConfig(old, { file: "config.json" })), JSON.stringify(old));
});

Deno.test("the help of train groups all options, the ten most used first", () => {
  const [mostUsed] = TRAIN_GROUPS;
  assert.equal(mostUsed!.options.length, 10);
  const grouped = new Set(TRAIN_GROUPS.flatMap(({ options }) => options));
  assert.deepEqual([...grouped].sort(), Object.keys(TRAIN_OPTIONS).sort());
});
