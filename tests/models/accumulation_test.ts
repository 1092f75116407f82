/** Steps of several micro-batches against steps on the whole batch, and against data-parallel ones. */
import assert from "node:assert/strict";
import {
  createClassifierTrainer,
  createParallelTrainer,
  createTrainer,
  createVaeTrainer,
  layers,
  type StepTrainer,
  TrainableVae,
  type VaeBatch,
  type VaeTrainerOptions,
} from "../../models/mod.ts";
import { rowsOf, viewRowsOf } from "../../models/split_batch.ts";
import { randomStep } from "../../models/trainable.ts";
import { adam, adamw, Device, mean, square, sub } from "../../runtime/mod.ts";
import { assertClose, uniformStream } from "../reference/compare.ts";
import { SIZE, smallBatch, smallConfig } from "./small_vae.ts";
import { localRanks } from "./local_ranks.ts";

const SAMPLES = 8;
const settings = (step: number) => ({ step, learningRate: 1e-2, alpha: 0.3, beta: 0.7 });

function optionsOf(method: string, accumulate: number): VaeTrainerOptions {
  return {
    config: smallConfig(method),
    batchSize: SAMPLES / accumulate,
    accumulate,
    seed: 1,
    floatImages: true,
    givenNoise: true,
    keepGradients: true,
  };
}

/** Bytes of a batch of two views. */
function bytes(seed: number): Uint8Array {
  const next = uniformStream(seed);
  return Uint8Array.from({ length: 2 * SAMPLES * SIZE * SIZE }, () => 256 * next());
}

async function flat(trainer: Pick<StepTrainer<VaeBatch>, "read">): Promise<number[]> {
  return [...(await trainer.read()).values()].flatMap(({ data }) => [...data]);
}

for (const method of ["mmvm", "poe", "moe", "mopoe"]) {
  Deno.test(`micro-batches of ${method} give the loss, the gradient and the step of the whole batch`, async () => {
    using device = await Device.open();
    const { pixels, noise } = smallBatch({ views: 2, samples: SAMPLES });
    const outcome = async (accumulate: number) => {
      using trainer = await createVaeTrainer(device, optionsOf(method, accumulate));
      for (let step = 0; step < 2; step++) trainer.step({ pixels, noise }, settings(step));
      const gradients = [...(await trainer.readGradients()).values()].flatMap(({ data }) => [...data]);
      const metrics = await trainer.readMetrics();
      assert.deepEqual(metrics.map(({ step }) => step), [0, 1]);
      return { metrics: metrics.flatMap(({ values }) => Object.values(values)), gradients, state: await flat(trainer) };
    };
    const whole = await outcome(1);
    for (const accumulate of [2, 8]) {
      const got = await outcome(accumulate);
      assertClose(got.metrics, whole.metrics, { label: `metrics, ${accumulate}`, tolerance: 1e-5 });
      assertClose(got.gradients, whole.gradients, { label: `gradients, ${accumulate}`, tolerance: 1e-4 });
      assertClose(got.state, whole.state, { label: `state, ${accumulate}`, tolerance: 1e-4 });
    }
  });
}

Deno.test("micro-batches that lack views give the gradient of their parts' mean", async () => {
  using device = await Device.open();
  const { pixels, noise } = smallBatch({ views: 2, samples: SAMPLES });
  const present = Float32Array.from({ length: 2 * SAMPLES }, (_, i) => i === 1 || i >= 12 ? 0 : 1);
  const options = { ...optionsOf("mopoe", 2), missingViews: true };
  using trainer = await createVaeTrainer(device, options);
  const start = await trainer.read();
  trainer.step({ pixels, noise, present }, settings(0));
  const got = await trainer.readGradients();
  const half = SAMPLES / 2;
  const want = new Map([...got].map(([name, { data }]) => [name, new Float64Array(data.length)]));
  for (const index of [0, 1]) {
    using part = await createVaeTrainer(device, { ...options, accumulate: 1, part: { index, of: 2 } });
    part.write(start);
    const at = { part: { index, of: 2 }, samples: half };
    const batch = {
      pixels: pixels.map((image) => rowsOf(image, at)),
      noise: viewRowsOf(noise, { ...at, views: 2 }),
      present: viewRowsOf(present, { ...at, views: 2 }),
    };
    part.step(batch, settings(0));
    for (const [name, { data }] of await part.readGradients()) data.forEach((g, i) => want.get(name)![i]! += g / 2);
  }
  for (const [name, { data }] of got) {
    const expected = want.get(name)!;
    if (expected.every((value) => value === 0)) assert.ok(data.every((value) => value === 0), name);
    else assertClose(data, expected, { label: name, tolerance: 1e-4 });
  }
});

Deno.test("two ranks of two micro-batches draw the random numbers of four micro-batches", async () => {
  using device = await Device.open();
  const config = { ...smallConfig("moe"), moeAssignment: "stratified" as const };
  const average = { decay: 0.9 };
  const common = { config, seed: 3, batchSize: 2, average, optimizer: adam({ epsilon: 1e-3, maxNorm: 5 }) };
  using one = await createVaeTrainer(device, { ...common, accumulate: 4 });
  const trainers = await Promise.all(
    localRanks(2).map((ranks) => {
      const options = { ...common, accumulate: 2, part: { index: 2 * ranks.rank, of: 4 } };
      return createParallelTrainer(device, { ...options, model: new TrainableVae(options), ranks });
    }),
  );
  for (let step = 0; step < 3; step++) {
    const pixels = bytes(step);
    one.step({ pixels }, settings(step));
    await Promise.all(trainers.map((trainer, index) => {
      const part = viewRowsOf(pixels, { part: { index, of: 2 }, samples: 4, views: 2 });
      return trainer.step({ pixels: part }, settings(step));
    }));
  }
  const [want, got] = [await one.readMetrics(), await trainers[0]!.readMetrics()];
  assert.deepEqual(Object.keys(got[0]!.values).sort(), Object.keys(want[0]!.values).sort());
  want.forEach(({ step, values }, i) => {
    const found = Object.keys(values).map((name) => got[i]!.values[name]!);
    assertClose(found, Object.values(values), { label: `metrics of step ${step}`, tolerance: 1e-5 });
  });
  const [a, b] = [await trainers[0]!.read(), await one.read()];
  assert.deepEqual([...a.keys()], [...b.keys()]);
  assert.ok([...a.keys()].some((name) => name.startsWith("optimizer.ema.")), "the average is part of the state");
  assertClose(await flat(trainers[0]!), await flat(one), { label: "state", tolerance: 1e-4 });
  assert.deepEqual(await flat(trainers[1]!), await flat(trainers[0]!), "ranks are equal bit for bit");
  for (const trainer of trainers) trainer[Symbol.dispose]();
});

Deno.test("a float16 step whose micro-batch overflows is skipped whole, and halves the loss scale", async () => {
  using device = await Device.open();
  const config = {
    ...smallConfig("mmvm"),
    imageSize: 16,
    filterDim: 8,
    likelihood: { name: "gaussian", scale: 0.75 } as const,
  };
  const options = { config, batchSize: 4, accumulate: 2, seed: 1, floatImages: true, precision: "f16" as const };
  using trainer = await createVaeTrainer(device, { ...options, maxNorm: 1 });
  const batch = (peak: number) =>
    [0, 1].map(() => Float32Array.from({ length: 8 * 16 * 16 }, (_, i) => i >= 4 * 16 * 16 ? peak : 0.5));
  trainer.step({ pixels: batch(0.5) }, settings(0));
  const before = await trainer.read();
  trainer.step({ pixels: batch(1e7) }, settings(1));
  const after = await trainer.read();
  trainer.step({ pixels: batch(0.5) }, settings(2));
  for (const [name, { data }] of before) {
    if (name !== "optimizer.loss_scale") assert.deepEqual(after.get(name)!.data, data, name);
  }
  const metrics = await trainer.readMetrics();
  assert.deepEqual(metrics.map(({ values }) => Number.isFinite(values.gradientNorm)), [true, false, true]);
  assert.deepEqual(metrics.map(({ values }) => values.lossScale), [256, 256, 128]);
});

Deno.test("a classifier's loss is the mean over its micro-batches, each with its own labels", async () => {
  using device = await Device.open();
  const labels = Int8Array.of(1, 0, 0, 1, 1, 1, 0, 0);
  const { pixels } = smallBatch({ views: 2, samples: 4 });
  const loss = async (accumulate: number, rows: number, from = 0) => {
    using trainer = await createClassifierTrainer(device, {
      config: { ...smallConfig("supervised"), labels: 2 },
      batchSize: rows / accumulate,
      accumulate,
      seed: 1,
      floatImages: true,
    });
    const [first, end] = [from * SIZE * SIZE, (from + rows) * SIZE * SIZE];
    const images = pixels.map((image) => image.subarray(first, end));
    // The dropout of the last two pictures alone is that of micro-batch 1.
    const step = randomStep(0, from / 2);
    trainer.step({ pixels: images, labels: labels.subarray(2 * from, 2 * (from + rows)) }, settings(step));
    return (await trainer.readMetrics())[0]!.values.loss!;
  };
  const want = (await loss(1, 2) + await loss(1, 2, 2)) / 2;
  assertClose([await loss(2, 4)], [want], { label: "loss", tolerance: 1e-6 });
});

Deno.test("createTrainer() accumulates over parts of the inputs with a batch axis", async () => {
  using device = await Device.open();
  const x = Float32Array.of(-1, 0, 1, 2);
  const y = x.map((value) => 2 * value + 1);
  const line = (accumulate: number) =>
    createTrainer(device, {
      inputs: { x: [4, 1], y: [4, 1], offset: [1] },
      model: (scope, { x }) => layers.linear(scope, x, { outputs: 1 }),
      loss: (prediction, { y, offset }) => mean(square(sub(prediction, sub(y, offset)))),
      optimizer: adamw({ learningRate: 0.1 }),
      accumulate,
    });
  using whole = await line(1);
  using parts = await line(2);
  for (let step = 0; step < 5; step++) for (const each of [whole, parts]) each.step({ x, y, offset: 0.5 });
  const losses = async (trainer: typeof whole) => (await trainer.metrics()).map(({ loss }) => loss);
  assertClose(await losses(parts), await losses(whole), { label: "losses", tolerance: 1e-5 });
  await assert.rejects(line(3), /a batch of 4 cannot be cut into 3 micro-batches of one size/);
});

Deno.test("viewRowsOf() takes a part's samples of each view", () => {
  const values = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  assert.deepEqual(viewRowsOf(values, { part: { index: 1, of: 2 }, samples: 2, views: 2 }), Uint8Array.of(3, 4, 7, 8));
  assert.deepEqual(viewRowsOf(values, { part: { index: 0, of: 4 }, samples: 1, views: 2 }), Uint8Array.of(1, 5));
  assert.equal(viewRowsOf(values, { part: { index: 0, of: 1 }, samples: 4, views: 2 }), values);
});

Deno.test("batches and numbers of micro-batches that do not fit are refused by name", async () => {
  using device = await Device.open();
  await assert.rejects(
    createVaeTrainer(device, { ...optionsOf("poe", 1), accumulate: 1.5 }),
    /the micro-batches of a step must be a whole number from 1 up, got 1.5/,
  );
  using trainer = await createVaeTrainer(device, optionsOf("poe", 2));
  const { pixels, noise } = smallBatch({ views: 2, samples: SAMPLES - 1 });
  assert.throws(() => trainer.step({ pixels, noise }, settings(0)), /cannot be cut into 2 parts of 4 samples/);
});
