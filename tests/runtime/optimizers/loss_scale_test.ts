import assert from "node:assert/strict";
import {
  adam,
  compile,
  createLossScale,
  createSlab,
  Device,
  gradients,
  input,
  LEAST_LOSS_SCALE,
  type LossScaleOptions,
  mul,
  pack,
  type Program,
  sgd,
  square,
  sum,
} from "../../../runtime/mod.ts";

const SHAPES = [{ name: "w", shape: [5] }];
const START = Float32Array.of(1, -2, 3, 0.5, 4);

/** The loss sum((factor w)^2), minimised with a scale or without. */
async function training(
  device: Device,
  options: { optimizer: "adam" | "sgd"; scale?: LossScaleOptions; maxNorm?: number },
) {
  const { optimizer, maxNorm = Infinity } = options;
  const slab = (name: string) => createSlab(device, { name, entries: SHAPES });
  const [parameters, m, v] = [slab("parameters"), slab("m"), slab("v")];
  parameters.states[0]!.write(START);
  const lossScale = options.scale && createLossScale(device, options.scale);
  const scaled = lossScale ? { lossScale } : {};
  const program: Program = await compile(device, () => {
    const w = parameters.states[0]!.tensor;
    const loss = sum(square(mul(w, input("factor", { shape: [] }))));
    const gradient = pack(gradients(loss, [w], lossScale ? { scale: lossScale.tensor } : {}));
    const norm = optimizer === "adam"
      ? adam.update({ parameters, m, v, gradient, ...scaled })
      : sgd.update({ parameters, velocity: m, gradient, ...scaled });
    return { metrics: { loss, norm, ...(lossScale ? { scale: lossScale.tensor } : {}) } };
  });
  let step = 0;
  return {
    run(factor: number) {
      step++;
      const hyper = optimizer === "adam"
        ? adam.hyperparameters({ learningRate: 0.1, step, maxNorm })
        : sgd.hyperparameters({ learningRate: 0.1, momentum: 0.9, maxNorm });
      program.run({ factor, ...hyper });
    },
    weights: () => parameters.states[0]!.read(),
    metrics: async () => (await program.readMetrics()).map(({ values }) => values),
    state: async () => [...await lossScale!.state.read()],
    [Symbol.dispose]() {
      for (const owned of [program, parameters, m, v, lossScale]) owned?.[Symbol.dispose]();
    },
  };
}

for (const optimizer of ["adam", "sgd"] as const) {
  Deno.test(`${optimizer} removes the loss scale from gradients, norm and clipping, bit for bit`, async () => {
    using device = await Device.open();
    for (const maxNorm of [Infinity, 0.5]) {
      for (const initial of [2 ** -10, 1, 2 ** 8, 2 ** 24]) {
        using scaled = await training(device, { optimizer, maxNorm, scale: { initial } });
        using plain = await training(device, { optimizer, maxNorm });
        for (let step = 0; step < 5; step++) for (const each of [scaled, plain]) each.run(0.7);
        assert.deepEqual(await scaled.weights(), await plain.weights());
        const [got, want] = [await scaled.metrics(), await plain.metrics()];
        assert.deepEqual(got.map(({ loss, norm }) => [loss, norm]), want.map(({ loss, norm }) => [loss, norm]));
        assert.ok(got.every(({ scale }) => scale === initial));
      }
    }
  });
}

Deno.test("a non-finite gradient skips the step and halves the scale; good steps double it", async () => {
  using device = await Device.open();
  using scaled = await training(device, { optimizer: "adam", scale: { initial: 4, interval: 3 } });
  const step = async (factor: number) => {
    scaled.run(factor);
    return await scaled.state();
  };
  assert.deepEqual(await step(1), [4, 1]);
  assert.deepEqual(await step(1), [4, 2]);
  const before = await scaled.weights();
  assert.deepEqual(await step(Infinity), [2, 0]);
  assert.deepEqual(await scaled.weights(), before);
  assert.deepEqual(await step(1), [2, 1]);
  assert.notDeepEqual(await scaled.weights(), before);
  assert.deepEqual(await step(1), [2, 2]);
  assert.deepEqual(await step(1), [4, 0]);
  for (let i = 0; i < 15; i++) await step(NaN);
  assert.deepEqual(await scaled.state(), [LEAST_LOSS_SCALE, 0]);
  const scales = (await scaled.metrics()).map(({ scale }) => scale);
  assert.deepEqual(scales.slice(0, 7), [4, 4, 4, 2, 2, 2, 4], "the scale that each step was done with");
});

Deno.test("the scale stops growing at 2^24", async () => {
  using device = await Device.open();
  using scaled = await training(device, { optimizer: "sgd", scale: { initial: 2 ** 23, interval: 1 } });
  for (let i = 0; i < 3; i++) scaled.run(0.1);
  assert.deepEqual(await scaled.state(), [2 ** 24, 0]);
});

Deno.test("createLossScale() rejects scales out of range or not a power of two, and invalid intervals", async () => {
  using device = await Device.open();
  for (const initial of [3, 0, -1, 2 ** 25, 2 ** -11, NaN]) {
    assert.throws(() => createLossScale(device, { initial }), /must be a power of two from 2\^-10 to 2\^24, got/);
  }
  for (const interval of [0, 1.5, NaN]) {
    assert.throws(() => createLossScale(device, { interval }), /after a positive whole number of steps, got/);
  }
  assert.equal(device.allocatedBuffers, 0);
});

Deno.test("gradients() needs a scale that is a scalar", async () => {
  using device = await Device.open();
  await assert.rejects(
    compile(device, () => {
      const x = input("x", { shape: [3] });
      return { outputs: { g: gradients(sum(x), [x], { scale: x })[0]! } };
    }),
    /gradients\(\) needs a scalar scale, got shape \[3\]/,
  );
});
