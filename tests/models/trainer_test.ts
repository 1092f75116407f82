import assert from "node:assert/strict";
import { createStepTrainer, layers, type Trainable } from "../../models/mod.ts";
import { Device, input, mean, square, sub, sum } from "../../runtime/mod.ts";

const SAMPLES = 5;
const FEATURES = 3;

/** Linear regression, as a custom model with custom data. */
const regression: Trainable<{ x: Float32Array; y: Float32Array }> = {
  declare(scope) {
    layers.linear(scope.child("line"), input("x", { shape: [1, FEATURES] }), { outputs: 1 });
  },
  loss(scope) {
    const x = input("x", { shape: [SAMPLES, FEATURES] });
    const error = sub(layers.linear(scope.child("line"), x, { outputs: 1 }), input("y", { shape: [SAMPLES, 1] }));
    return { loss: mean(square(error)), total: sum(error) };
  },
  inputs: ({ x, y }) => ({ values: { x, y } }),
};

const x = Float32Array.from({ length: SAMPLES * FEATURES }, (_, i) => Math.sin(3 * i * i + 1));
/** 2 x_0 - x_1 + 0.5 x_2 + 1. */
const y = Float32Array.from(
  { length: SAMPLES },
  (_, n) => 2 * x[3 * n]! - x[3 * n + 1]! + 0.5 * x[3 * n + 2]! + 1,
);
const settings = (step: number) => ({ step, learningRate: 0.05, alpha: 0, beta: 0 });

Deno.test("createStepTrainer() trains a custom model to its minimum and logs its metrics", async () => {
  using device = await Device.open();
  using trainer = await createStepTrainer(device, { model: regression, seed: 1 });
  for (let step = 0; step < 1000; step++) trainer.step({ x, y }, settings(step));
  const last = (await trainer.readMetrics()).at(-1)!;
  assert.equal(last.step, 999);
  assert.deepEqual(Object.keys(last.values).sort(), ["gradientNorm", "loss", "total"]);
  assert.ok(last.values.loss! < 1e-5, `${last.values.loss}`);
  const state = await trainer.read();
  [2, -1, 0.5].forEach((want, i) => assert.ok(Math.abs(state.get("line.weight")!.data[i]! - want) < 0.02));
  assert.ok(Math.abs(state.get("line.bias")!.data[0]! - 1) < 0.02);
});

Deno.test("the gradients of the first step equal the closed form", async () => {
  using device = await Device.open();
  using trainer = await createStepTrainer(device, { model: regression, seed: 1, keepGradients: true });
  const state = await trainer.read();
  const [weight, bias] = [state.get("line.weight")!.data, state.get("line.bias")!.data[0]!];
  const errors = Array.from(y, (want, n) => weight.reduce((total, w, i) => total + w * x[3 * n + i]!, bias) - want);
  trainer.step({ x, y }, settings(0));
  const gradients = await trainer.readGradients();
  const slope = (of: (n: number) => number) => errors.reduce((total, e, n) => total + 2 / SAMPLES * e * of(n), 0);
  const want = [...Array(FEATURES).keys()].map((i) => slope((n) => x[3 * n + i]!));
  gradients.get("line.weight")!.data.forEach((got, i) => assert.ok(Math.abs(got - want[i]!) < 1e-5));
  assert.ok(Math.abs(gradients.get("line.bias")!.data[0]! - slope(() => 1)) < 1e-5);
});

Deno.test("readGradients() rejects without keepGradients", async () => {
  using device = await Device.open();
  using trainer = await createStepTrainer(device, { model: regression, seed: 1 });
  trainer.step({ x, y }, settings(0));
  await assert.rejects(trainer.readGradients(), RangeError);
});
