import assert from "node:assert/strict";
import { gradients } from "../../../runtime/graph/autodiff.ts";
import { conv2d } from "../../../runtime/ops/conv.ts";
import { compile } from "../../../runtime/program/compile.ts";
import { Device } from "../../../runtime/device/device.ts";
import { input, tensor } from "../../../runtime/graph/leaf.ts";
import { batchNorm2d, type BatchNormOptions, groupNorm, layerNorm } from "../../../runtime/ops/norm.ts";
import { mul, relu } from "../../../runtime/ops/pointwise.ts";
import { sum } from "../../../runtime/ops/reduce.ts";
import { read } from "../../../runtime/program/eager.ts";
import { createState } from "../../../runtime/graph/state.ts";
import type { Tensor } from "../../../runtime/graph/tensor.ts";
import { type Shape, sizeOf } from "../../../runtime/graph/shape.ts";
import { batchNorm, channelMoments, groupNorm as groupNormReference, normalize } from "../../reference/norm.ts";
import { relativeError } from "../../reference/compare.ts";
import { checkOp, numbers } from "../gradient_check.ts";

const EPSILON = 1e-5;
const SHAPES: readonly Shape[] = [[4, 3], [2, 3, 3, 5], [3, 4, 4, 8], [2, 1, 1, 16], [1, 7]];

function arguments3(shape: Shape) {
  const channels = shape.at(-1)!;
  return [
    { shape, data: numbers(sizeOf(shape), { seed: 3 }) },
    { shape: [channels], data: numbers(channels, { seed: 4, low: 0.5, high: 1.5 }) },
    { shape: [channels], data: numbers(channels, { seed: 5 }) },
  ];
}

function matrix(shape: Shape) {
  const channels = shape.at(-1)!;
  return { rows: sizeOf(shape) / channels, channels };
}

function runningStates(device: Device, channels: number) {
  const runningMean = createState(device, {
    name: "running mean",
    shape: [channels],
    data: numbers(channels, { seed: 8 }),
  });
  const runningVariance = createState(device, {
    name: "running variance",
    shape: [channels],
    data: numbers(channels, { seed: 9, low: 0.5, high: 2 }),
  });
  return {
    runningMean,
    runningVariance,
    [Symbol.dispose]() {
      runningMean[Symbol.dispose]();
      runningVariance[Symbol.dispose]();
    },
  };
}

for (const withRelu of [false, true]) {
  const activate = (y: Float64Array) => (withRelu ? y.map((value) => Math.max(value, 0)) : y);
  const name = withRelu ? "batchNorm2d() with relu" : "batchNorm2d()";

  Deno.test(`${name} in training matches float64, and its gradients central differences`, async () => {
    using device = await Device.open();
    for (const shape of SHAPES) {
      using states = runningStates(device, shape.at(-1)!);
      await checkOp(device, {
        name: `${name} of [${shape}]`,
        op: ([x, gamma, beta]) =>
          batchNorm2d(x!, {
            gamma: gamma!,
            beta: beta!,
            runningMean: states.runningMean.tensor,
            runningVariance: states.runningVariance.tensor,
            training: true,
            relu: withRelu,
          }),
        oracle: ([x, gamma, beta]) =>
          activate(batchNorm(x!, { ...matrix(shape), gamma: gamma!, beta: beta!, epsilon: EPSILON })),
        inputs: arguments3(shape),
      });
    }
  });

  Deno.test(`${name} in evaluation matches float64, and its gradients central differences`, async () => {
    using device = await Device.open();
    for (const shape of SHAPES) {
      const channels = shape.at(-1)!;
      const mean = numbers(channels, { seed: 6 });
      const variance = numbers(channels, { seed: 7, low: 0.5, high: 2 });
      await checkOp(device, {
        name: `${name} of [${shape}]`,
        op: ([x, gamma, beta, m, v]) =>
          batchNorm2d(x!, {
            gamma: gamma!,
            beta: beta!,
            runningMean: m!,
            runningVariance: v!,
            training: false,
            relu: withRelu,
          }),
        oracle: ([x, gamma, beta, m, v]) =>
          activate(
            normalize(x!, {
              ...matrix(shape),
              gamma: gamma!,
              beta: beta!,
              mean: m!,
              variance: v!,
              epsilon: EPSILON,
            }),
          ),
        inputs: [
          ...arguments3(shape),
          { shape: [channels], data: mean, differentiable: false },
          { shape: [channels], data: variance, differentiable: false },
        ],
      });
    }
  });
}

/** Runs a training-mode batch norm twice and returns y and the running statistics. */
async function train(device: Device, options: { shape: Shape; x: Float32Array; momentum?: number }) {
  const { shape, x, momentum } = options;
  const channels = shape.at(-1)!;
  using states = runningStates(device, channels);
  using program = await compile(device, () => {
    const y = batchNorm2d(input("x", { shape }), {
      gamma: input("gamma", { shape: [channels] }),
      beta: input("beta", { shape: [channels] }),
      runningMean: states.runningMean.tensor,
      runningVariance: states.runningVariance.tensor,
      training: true,
      ...(momentum !== undefined && { momentum }),
    });
    return { outputs: { y } };
  });
  const inputs = { x, gamma: new Float32Array(channels).fill(1), beta: new Float32Array(channels).fill(0.5) };
  program.run(inputs);
  program.run(inputs);
  const [y] = await program.read("y");
  return { y: y!, mean: await states.runningMean.read(), variance: await states.runningVariance.read() };
}

Deno.test("batchNorm2d() updates the running statistics at every run, with the unbiased variance", async () => {
  using device = await Device.open();
  const shape = [4, 3, 3, 6];
  const x = numbers(sizeOf(shape), { seed: 1 });
  const { mean, variance } = channelMoments(x, matrix(shape));
  const [oldMean, oldVariance] = [numbers(6, { seed: 8 }), numbers(6, { seed: 9, low: 0.5, high: 2 })];
  for (const momentum of [0.1, 0.25, 1]) {
    const got = await train(device, { shape, x, momentum });
    const after = (old: number, batch: number) => batch + (old - batch) * (1 - momentum) ** 2;
    assert.ok(relativeError(got.mean, mean.map((batch, c) => after(oldMean[c]!, batch))) < 2e-5);
    assert.ok(relativeError(got.variance, variance.map((batch, c) => after(oldVariance[c]!, batch * 36 / 35))) < 2e-5);
  }
});

Deno.test("batchNorm2d() of a single row returns beta and finite running statistics", async () => {
  using device = await Device.open();
  const x = numbers(5, { seed: 1 });
  const got = await train(device, { shape: [1, 1, 1, 5], x });
  assert.ok(relativeError(got.y, new Array(5).fill(0.5)) < 1e-5);
  const [oldMean, oldVariance] = [numbers(5, { seed: 8 }), numbers(5, { seed: 9, low: 0.5, high: 2 })];
  assert.ok(relativeError(got.mean, x.map((value, c) => value + (oldMean[c]! - value) * 0.81)) < 2e-5);
  assert.ok(relativeError(got.variance, oldVariance.map((value) => value * 0.81)) < 2e-5);
});

Deno.test("batchNorm2d() with relu is relu after batchNorm2d()", async () => {
  using device = await Device.open();
  const shape = [2, 4, 4, 8];
  using states = runningStates(device, 8);
  const build = (activated: (x: Tensor, options: BatchNormOptions) => Tensor) =>
    compile(device, () => {
      const x = input("x", { shape });
      const [gamma, beta] = [input("gamma", { shape: [8] }), input("beta", { shape: [8] })];
      const y = activated(x, {
        gamma,
        beta,
        runningMean: states.runningMean.tensor,
        runningVariance: states.runningVariance.tensor,
        training: true,
      });
      const [gx, gg, gb] = gradients(sum(mul(y, input("weights", { shape }))), [x, gamma, beta]);
      return { outputs: { y, gx: gx!, gg: gg!, gb: gb! } };
    });
  using one = await build((x, options) => batchNorm2d(x, { ...options, relu: true }));
  using two = await build((x, options) => relu(batchNorm2d(x, options)));
  const bound = {
    x: numbers(sizeOf(shape), { seed: 1 }),
    gamma: numbers(8, { seed: 2 }),
    beta: numbers(8, { seed: 3 }),
    weights: numbers(sizeOf(shape), { seed: 4 }),
  };
  one.run(bound);
  two.run(bound);
  const names = ["y", "gx", "gg", "gb"];
  const [got, want] = [await one.read(...names), await two.read(...names)];
  names.forEach((name, i) => assert.ok(relativeError(got[i]!, want[i]!) < 1e-5, name));
});

Deno.test("one batch norm applied twice updates its running statistics twice", async () => {
  using device = await Device.open();
  using states = runningStates(device, 4);
  const shape = [6, 4];
  using program = await compile(device, () => {
    const options = {
      gamma: input("gamma", { shape: [4] }),
      beta: input("beta", { shape: [4] }),
      runningMean: states.runningMean.tensor,
      runningVariance: states.runningVariance.tensor,
      training: true,
    };
    const [a, b] = ["a", "b"].map((name) => batchNorm2d(input(name, { shape }), options));
    return { outputs: { a: a!, b: b! } };
  });
  const [a, b] = [numbers(24, { seed: 1 }), numbers(24, { seed: 2 })];
  program.run({ a, b, gamma: new Float32Array(4).fill(1), beta: new Float32Array(4) });
  const [meanA, meanB] = [a, b].map((x) => channelMoments(x, { rows: 6, channels: 4 }).mean);
  const want = numbers(4, { seed: 8 }).map((old, c) => 0.9 * (0.9 * old + 0.1 * meanA![c]!) + 0.1 * meanB![c]!);
  assert.ok(relativeError(await states.runningMean.read(), want) < 1e-5);
});

Deno.test("batchNorm2d() names the argument that does not fit", async () => {
  using device = await Device.open();
  using states = runningStates(device, 4);
  await compile(device, () => {
    const x = input("x", { shape: [2, 3, 3, 4] });
    const vector = input("vector", { shape: [4] });
    const options = {
      gamma: vector,
      beta: vector,
      runningMean: states.runningMean.tensor,
      runningVariance: states.runningVariance.tensor,
      training: true,
    };
    const other = input("other", { shape: [3] });
    assert.throws(() => batchNorm2d(x, { ...options, beta: other }), /beta to be f32 \[4\], got f32 \[3\]/);
    assert.throws(() => batchNorm2d(vector, options), /at least 2 axes, got \[4\]/);
    assert.throws(() => batchNorm2d(x, { ...options, epsilon: 0 }), /positive epsilon/);
    assert.throws(() => batchNorm2d(x, { ...options, momentum: 1.5 }), /momentum from 0 to 1/);
    assert.throws(() => batchNorm2d(x, { ...options, runningMean: vector }), /input 3, which must be a state/);
    return { outputs: { x: vector } };
  }).then((program) => program[Symbol.dispose]());
});

Deno.test("groupNorm() matches float64, and its gradients central differences", async () => {
  using device = await Device.open();
  for (
    const { shape, groups } of [{ shape: [2, 3, 3, 6], groups: 3 }, { shape: [2, 2, 4, 8], groups: 2 }, {
      shape: [3, 5],
      groups: 1,
    }]
  ) {
    await checkOp(device, {
      name: `groupNorm of [${shape}]`,
      op: ([x, gamma, beta]) => groupNorm(x!, { groups, gamma: gamma!, beta: beta! }),
      oracle: ([x, gamma, beta]) =>
        groupNormReference(x!, { shape, groups, gamma: gamma!, beta: beta!, epsilon: EPSILON }),
      inputs: arguments3(shape),
    });
  }
});

Deno.test("layerNorm() over one and two axes matches float64, and its gradients central differences", async () => {
  using device = await Device.open();
  for (
    const { shape, over } of [{ shape: [4, 7], over: 1 }, { shape: [2, 3, 8], over: 1 }, { shape: [3, 4, 5], over: 2 }]
  ) {
    const inner = shape.slice(shape.length - over);
    const size = sizeOf(inner);
    await checkOp(device, {
      name: `layerNorm of [${shape}] over ${over}`,
      op: ([x, gamma, beta]) => layerNorm(x!, { gamma: gamma!, beta: beta! }),
      // A layer norm is a group norm of [N, 1, size] with one group.
      oracle: ([x, gamma, beta]) =>
        groupNormReference(x!, {
          shape: [sizeOf(shape) / size, 1, size],
          groups: 1,
          gamma: gamma!,
          beta: beta!,
          epsilon: EPSILON,
        }),
      inputs: [
        { shape, data: numbers(sizeOf(shape), { seed: 1 }) },
        { shape: inner, data: numbers(size, { seed: 2 }) },
        { shape: inner, data: numbers(size, { seed: 3 }) },
      ],
    });
  }
});

Deno.test("groupNorm() and layerNorm() keep float32's precision if the mean far exceeds the deviation", async () => {
  const count = 4096;
  for (const profile of ["software", "gpu"] as const) {
    using device = await Device.open({ profile });
    for (const mean of [0, 1e3, 1e5, -1e6]) {
      const data = numbers(count, { seed: 6 }).map((value) => value + mean);
      const centre = data.reduce((total, value) => total + value, 0) / count;
      const variance = data.reduce((total, value) => total + (value - centre) ** 2, 0) / count;
      const want = Float64Array.from(data, (value) => (value - centre) / Math.sqrt(variance + 1e-5));
      const vector = (value: number, length: number) => tensor(new Float32Array(length).fill(value));
      const layer = layerNorm(tensor(data, { shape: [1, count] }), { gamma: vector(1, count), beta: vector(0, count) });
      const grouped = { groups: 1, gamma: vector(1, 8), beta: vector(0, 8) };
      const group = groupNorm(tensor(data, { shape: [1, count / 8, 8] }), grouped);
      for (const [name, x] of Object.entries({ layer, group })) {
        const error = relativeError(await read(x, { device }), want);
        assert.ok(error < 1e-6, `${name}Norm at a mean of ${mean}, ${profile}: ${error}`);
      }
    }
  }
});

Deno.test("groupNorm() and layerNorm() name arguments that do not fit", () => {
  const x = input("x", { shape: [2, 3, 6] });
  const vector = input("vector", { shape: [6] });
  assert.throws(() => groupNorm(x, { groups: 4, gamma: vector, beta: vector }), /cannot split 6 channels into 4/);
  assert.throws(() => groupNorm(x, { groups: 2, gamma: x, beta: vector }), /gamma to be f32 \[6\]/);
  assert.throws(() => layerNorm(x, { gamma: vector, beta: x }), /last axes of \[2, 3, 6\]/);
  assert.throws(() => layerNorm(x, { gamma: vector, beta: vector, epsilon: NaN }), /positive epsilon/);
});

Deno.test("the gradient of a convolution's bias in front of a batch norm is zero, and not added up", async () => {
  using device = await Device.open();
  using states = runningStates(device, 4);
  const shapes = { x: [3, 5, 4, 8], w: [2, 2, 8, 4], bias: [4], gamma: [4], beta: [4] };
  const given = Object.entries(shapes).map(([name, shape], i) => [name, numbers(sizeOf(shape), { seed: 20 + i })]);
  const compiled = (training: boolean) =>
    compile(device, () => {
      const leaves = Object.entries(shapes).map(([name, shape]) => input(name, { shape }));
      const [x, w, bias, gamma, beta] = leaves as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const y = batchNorm2d(conv2d(x, w, { bias }), {
        gamma,
        beta,
        runningMean: states.runningMean.tensor,
        runningVariance: states.runningVariance.tensor,
        training,
      });
      const [gradient] = gradients(sum(mul(y, mul(y, y))), [bias]);
      return { outputs: { gradient: gradient! } };
    });
  using training = await compiled(true);
  using evaluation = await compiled(false);
  for (const program of [training, evaluation]) program.run(Object.fromEntries(given));
  assert.deepEqual(await training.read("gradient"), [new Float32Array(4)]);
  // In evaluation the bias matters.
  const [gradient] = await evaluation.read("gradient");
  assert.ok(gradient!.every((value) => Math.abs(value) > 1e-3), `${gradient}`);
});
