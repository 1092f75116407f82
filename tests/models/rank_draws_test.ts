/**
 * The random numbers of ranks and micro-batches: each part of a batch has its own, and the first those of an undivided
 * batch.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type RandomKey, randomNormalData, randomUniformData } from "../../base/philox.ts";
import {
  augmentViews,
  createParallelTrainer,
  createStepTrainer,
  layers,
  Scope,
  type Trainable,
} from "../../models/mod.ts";
import { Device, input, mul, randomNormal, sum, type Tensor, tensor } from "../../runtime/mod.ts";
import { augmentReference } from "../reference/augment.ts";

const [SEED, STEP, RATE] = [5, 3, 0.4];
const [SAMPLES, SIDE, CHANNELS] = [2, 4, 3];
const SHAPE = [SAMPLES, SIDE, SIDE, CHANNELS];
const COUNT = SAMPLES * SIDE * SIDE * CHANNELS;
const X = Float32Array.from({ length: COUNT }, (_, i) => 0.5 + 0.4 * Math.sin(i));
const WEIGHTS = Float32Array.from({ length: COUNT }, (_, i) => 2 + Math.cos(3 * i));
const AMOUNTS = {
  shift: 0.2,
  scale: 0.2,
  rotate: 20,
  crop: 0.1,
  flip: 0.5,
  contrast: 0.2,
  brightness: 0.1,
  noise: 0.1,
};

/** Every kind of number that a model draws, as metrics: sums of it with weights. */
const DRAWS: Trainable<null> = {
  declare: (scope) => void parameter(scope),
  loss(scope) {
    const x = input("x", { shape: SHAPE });
    const drawn = {
      noise: randomNormal(SHAPE, { stream: scope.stream("noise") }),
      "first dropout": layers.dropout(scope, x, { rate: RATE, name: "first" }),
      "second dropout": layers.dropout(scope, x, { rate: RATE, name: "second" }),
      channels: layers.dropout2d(scope, x, { rate: RATE }),
      augmented: augmentViews([x], { augment: AMOUNTS, scope })[0] as Tensor,
    };
    const weights = tensor(WEIGHTS, { shape: SHAPE });
    const sums = Object.entries(drawn).map(([name, each]) => [name, sum(mul(each, weights))] as const);
    return { loss: sum(mul(parameter(scope), 1)), ...Object.fromEntries(sums) };
  },
  inputs: () => ({ values: { x: X } }),
};

function parameter(scope: Scope): Tensor {
  return scope.parameter("p", { shape: [1], layout: "same", initializer: { kind: "zeros" } });
}

/** What {@link DRAWS} logs for a part of a batch, by the host's random numbers. */
function wanted(part: number): Record<string, number> {
  const scope = Scope.declaring();
  const key = (name: string): RandomKey => ({ seed: SEED, step: STEP, part, stream: scope.stream(name) });
  const kept = (uniform: Float32Array, at: (i: number) => number) =>
    X.map((x, i) => uniform[at(i)]! < 1 - RATE ? x / (1 - RATE) : 0);
  const dropout = (name: string) => kept(randomUniformData(COUNT, key(name)), (i) => i);
  const channels = randomUniformData(SAMPLES * CHANNELS, key("dropout"));
  const perSample = SIDE * SIDE * CHANNELS;
  const drawn = {
    noise: randomNormalData(COUNT, key("noise")),
    "first dropout": dropout("first"),
    "second dropout": dropout("second"),
    channels: kept(channels, (i) => Math.floor(i / perSample) * CHANNELS + i % CHANNELS),
    augmented: augmentReference(X, {
      ...{ samples: SAMPLES, height: SIDE, width: SIDE, channels: CHANNELS, amounts: AMOUNTS, seed: SEED, step: STEP },
      ...{ stream: scope.stream("augmentation"), noiseStream: scope.stream("augmentation.noise.0"), view: 0 },
      first: SAMPLES * part,
    }),
  };
  const dot = (values: ArrayLike<number>) => WEIGHTS.reduce((total, weight, i) => total + weight * values[i]!, 0);
  return Object.fromEntries(Object.entries(drawn).map(([name, values]) => [name, dot(values)]));
}

const SETTINGS = { step: STEP, learningRate: 0, alpha: 0, beta: 0 };

for (const profile of ["software", "gpu"] as const) {
  Deno.test(`${profile}: each rank and micro-batch draws noise, dropout and augmentation of its own`, async () => {
    using device = await Device.open({ profile });
    for (const [rank, of] of [[0, 1], [1, 1], [2, 1], [1, 2]] as const) {
      // Each rank is alone, so what it logs is its own share of the mean.
      const ranks = { rank, size: 3, sum: () => Promise.resolve() };
      using trainer = await createParallelTrainer(device, { model: DRAWS, ranks, seed: SEED, accumulate: of });
      await trainer.step(null, SETTINGS);
      const { values } = (await trainer.readMetrics())[0]!;
      const parts = Array.from({ length: of }, (_, micro) => wanted(rank * of + micro));
      for (const name of Object.keys(parts[0]!)) {
        const want = parts.reduce((total, part) => total + part[name]!, 0) / of;
        const got = 3 * values[name]!;
        assert.ok(
          Math.abs(got - want) < 1e-4 * Math.hypot(...WEIGHTS),
          `${name} of rank ${rank} of ${of}: ${got}, ${want}`,
        );
      }
    }
    // Parts differ in all of them, and rank 0 draws what a single process draws, bit for bit.
    const [first, second] = [wanted(0), wanted(1)];
    for (const [name, value] of Object.entries(first)) assert.ok(Math.abs(value - second[name]!) > 0.1, name);
    using single = await createStepTrainer(device, { model: DRAWS, seed: SEED });
    using one = await createParallelTrainer(device, {
      ...{ model: DRAWS, seed: SEED },
      ranks: { rank: 0, size: 1, sum: () => Promise.resolve() },
    });
    single.step(null, SETTINGS);
    await one.step(null, SETTINGS);
    assert.deepEqual(await one.readMetrics(), await single.readMetrics());
  });
}
