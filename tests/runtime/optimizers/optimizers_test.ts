import assert from "node:assert/strict";
import { gradients } from "../../../runtime/graph/autodiff.ts";
import { compile } from "../../../runtime/program/compile.ts";
import { Device } from "../../../runtime/device/device.ts";
import { input } from "../../../runtime/graph/leaf.ts";
import { pack } from "../../../runtime/ops/pack.ts";
import { add, mul, square, sub } from "../../../runtime/ops/pointwise.ts";
import { sum } from "../../../runtime/ops/reduce.ts";
import * as adam from "../../../runtime/optimizers/adam.ts";
import * as sgd from "../../../runtime/optimizers/sgd.ts";
import type { InputData, Program } from "../../../runtime/program/program.ts";
import { createSlab, type Slab } from "../../../runtime/graph/state.ts";
import { assertClose, normalData } from "../../reference/compare.ts";
import { adamStep, sgdStep } from "../../reference/optimizer.ts";

const ENTRIES = [{ name: "w", shape: [3, 5] }, { name: "b", shape: [5] }, { name: "s", shape: [] }];

/** A model with the loss sum((p - target)^2) over its parameters p, whose gradient is 2 (p - target). */
class Model implements Disposable {
  private constructor(readonly parameters: Slab, readonly moments: readonly Slab[], readonly program: Program) {}

  static async create(
    device: Device,
    options: { optimizer: "adam" | "sgd"; nesterov?: boolean; entries?: typeof ENTRIES },
  ) {
    const { optimizer, nesterov = false, entries = ENTRIES } = options;
    const parameters = createSlab(device, { name: "parameters", entries });
    const moments = [0, 1].map((i) => createSlab(device, { name: `moments ${i}`, entries: parameters.states }));
    const [m, v] = moments as [Slab, Slab];
    parameters.states.forEach((state, i) => state.write(normalData(state.size, { seed: i + 1 })));
    const program = await compile(device, () => {
      const tensors = parameters.states.map((state) => state.tensor);
      const scale = input("scale", { shape: [] });
      const target = input("target", { shape: [] });
      const loss = mul(scale, tensors.map((p) => sum(square(sub(p, target)))).reduce((a, b) => add(a, b)));
      const gradient = pack(gradients(loss, tensors));
      const norm = optimizer === "adam"
        ? adam.update({ parameters, m, v, gradient })
        : sgd.update({ parameters, velocity: m, gradient, nesterov });
      return { metrics: { norm, loss } };
    });
    return new Model(parameters, moments, program);
  }

  async values(): Promise<number[]> {
    return (await Promise.all(this.parameters.states.map((state) => state.read()))).flatMap((data) => [...data]);
  }

  async allMoments(): Promise<number[]> {
    const states = this.moments.flatMap((slab) => slab.states);
    return (await Promise.all(states.map((state) => state.read()))).flatMap((data) => [...data]);
  }

  [Symbol.dispose](): void {
    for (const owned of [this.program, this.parameters, ...this.moments]) owned[Symbol.dispose]();
  }
}

const SETTINGS = { learningRate: 0.1, weightDecay: 0.01 };

Deno.test("adam: a program's steps follow the oracle, with hyperparameters that change", async () => {
  using device = await Device.open();
  using model = await Model.create(device, { optimizer: "adam" });
  const start = await model.values();
  const zeros = () => new Float64Array(start.length);
  const want = { parameters: Float64Array.from(start), m: zeros(), v: zeros() };
  for (let step = 1; step <= 20; step++) {
    const settings = { ...SETTINGS, learningRate: 0.1 / step };
    model.program.run({ scale: 1, target: 0.5, ...adam.hyperparameters({ ...settings, step }) });
    const gradient = want.parameters.map((p) => 2 * (p - 0.5));
    adamStep(want, gradient, { ...settings, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decoupled: true, step });
  }
  assertClose(await model.values(), want.parameters, { label: "parameters", tolerance: 1e-5 });
  assertClose(await model.allMoments(), [...want.m, ...want.v], { label: "moments", tolerance: 1e-5 });
});

for (const nesterov of [false, true]) {
  Deno.test(`sgd: steps follow the oracle, ${nesterov ? "with" : "without"} Nesterov momentum`, async () => {
    using device = await Device.open();
    using model = await Model.create(device, { optimizer: "sgd", nesterov });
    const start = await model.values();
    const want = { parameters: Float64Array.from(start), velocity: new Float64Array(start.length) };
    const settings = { ...SETTINGS, momentum: 0.9 };
    for (let step = 1; step <= 10; step++) {
      model.program.run({ scale: 1, target: 0.5, ...sgd.hyperparameters(settings) });
      sgdStep(want, want.parameters.map((p) => 2 * (p - 0.5)), { ...settings, decoupled: false, nesterov });
    }
    assertClose(await model.values(), want.parameters, { label: "parameters", tolerance: 1e-5 });
  });
}

Deno.test("clipping scales the gradient of all parameters by one factor", async () => {
  using device = await Device.open();
  using model = await Model.create(device, { optimizer: "sgd" });
  const start = await model.values();
  const norm = Math.hypot(...start.map((p) => 2 * (p - 0.5)));
  model.program.run({ scale: 1, target: 0.5, ...sgd.hyperparameters({ learningRate: 1, maxNorm: 0.1 }) });
  const want = start.map((p) => p - 0.1 / norm * 2 * (p - 0.5));
  assertClose(await model.values(), want, { label: "parameters", tolerance: 1e-6 });
  const [entry] = await model.program.readMetrics();
  assertClose([entry!.values.norm!], [norm], { label: "norm" });
});

Deno.test("a step with non-finite gradients changes nothing, shows in the norm, and does not end the run", async () => {
  using device = await Device.open();
  for (const optimizer of ["adam", "sgd"] as const) {
    using model = await Model.create(device, { optimizer });
    const inputs = (step: number): Record<string, InputData> =>
      optimizer === "adam"
        ? adam.hyperparameters({ learningRate: 0.1, step })
        : sgd.hyperparameters({ learningRate: 0.1, momentum: 0.9 });
    model.program.run({ scale: 1, target: 0, ...inputs(1) });
    const before = [await model.values(), await model.allMoments()];
    for (const scale of [NaN, Infinity]) model.program.run({ scale, target: 0, ...inputs(2) });
    assert.deepEqual([await model.values(), await model.allMoments()], before);
    model.program.run({ scale: 1, target: 0, ...inputs(2) });
    assert.notDeepEqual(await model.values(), before[0]);
    const norms = (await model.program.readMetrics()).map(({ values }) => Number.isFinite(values.norm));
    assert.deepEqual(norms, [true, false, false, true]);
    const wanted = optimizer === "adam"
      ? adam.hyperparameters({ learningRate: 0.1, step: 3, skipNonFinite: false })
      : sgd.hyperparameters({ learningRate: 0.1, skipNonFinite: false });
    model.program.run({ scale: NaN, target: 0, ...wanted });
    assert.ok((await model.values()).every(Number.isNaN), "unless that is wanted");
  }
});

Deno.test("slabs that exceed a binding are updated in pieces, with the same result", async () => {
  using device = await Device.open();
  const entries = [{ name: "a", shape: [300, 100] }, { name: "b", shape: [7] }, { name: "c", shape: [50_001] }];
  const run = async () => {
    using model = await Model.create(device, { optimizer: "adam", entries });
    for (let step = 1; step <= 3; step++) {
      model.program.run({ scale: 1, target: 0.5, ...adam.hyperparameters({ ...SETTINGS, step, maxNorm: 1 }) });
    }
    return { dispatches: model.program.dispatchCount, values: await model.values() };
  };
  const whole = await run();
  // As on an adapter with a binding limit of 256 KiB.
  Object.defineProperty(device, "target", { value: { ...device.target, maxBindingBytes: 2 ** 18 } });
  const pieces = await run();
  assert.ok(pieces.dispatches > whole.dispatches);
  assert.deepEqual(pieces.values, whole.values);
});

Deno.test("equal runs give bit-equal parameters after 50 steps", async () => {
  using device = await Device.open();
  const run = async () => {
    using model = await Model.create(device, { optimizer: "adam" });
    for (let step = 1; step <= 50; step++) {
      model.program.run({
        scale: step % 7,
        target: step / 50,
        ...adam.hyperparameters({ ...SETTINGS, step, maxNorm: 2 }),
      });
    }
    return await model.values();
  };
  assert.deepEqual(await run(), await run());
});

Deno.test("settings out of their range are rejected by name", () => {
  const good = { learningRate: 0.1, step: 1 };
  for (
    const [settings, message] of [
      [{ learningRate: -1 }, /learningRate must be a number from 0 up, got -1/],
      [{ learningRate: NaN }, /learningRate/],
      [{ beta1: 1 }, /beta1 must be a number from 0 to below 1, got 1/],
      [{ beta2: -0.1 }, /beta2/],
      [{ epsilon: -1 }, /epsilon/],
      [{ weightDecay: Infinity }, /weightDecay/],
      [{ step: 0 }, /step must be a whole number from 1 up, got 0/],
      [{ maxNorm: 0 }, /maxNorm must be positive, got 0/],
    ] as const
  ) {
    assert.throws(() => adam.hyperparameters({ ...good, ...settings }), message);
  }
  assert.throws(() => sgd.hyperparameters({ learningRate: 0.1, momentum: 1 }), /momentum/);
  assert.deepEqual(Object.keys(adam.hyperparameters({ ...good, name: "fast" })), ["fast.hyper", "fast.limits"]);
});

Deno.test("slabs of different layouts are rejected", async () => {
  using device = await Device.open();
  using parameters = createSlab(device, { name: "parameters", entries: ENTRIES });
  using other = createSlab(device, { name: "other", entries: [{ name: "x", shape: [65] }] });
  const gradient = pack(parameters.states.map((state) => state.tensor));
  assert.throws(
    () => adam.update({ parameters, m: parameters, v: other, gradient }),
    /adam\.update\(\) needs slabs of one layout .* got \[192\], \[192\], \[128\], \[192\]/,
  );
  assert.throws(() => sgd.update({ parameters, velocity: parameters, gradient: other.whole.tensor }), RangeError);
});
