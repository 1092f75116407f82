import assert from "node:assert/strict";
import { traced } from "../../../runtime/graph/op.ts";
import {
  add,
  batchNorm2d,
  compile,
  conv2d,
  convTranspose2d,
  createState,
  Device,
  dropout2d,
  gradients,
  input,
  mean,
  type ProgramResults,
  square,
  type Tensor,
} from "../../../runtime/mod.ts";
import { planProgram } from "../../../runtime/plan/program_plan.ts";
import { normalData, relativeError } from "../../reference/compare.ts";

const SHAPE = [3, 9, 9, 4] as const;

/** A function that creates random states, which are disposed of with the stack. */
function stateMaker(device: Device, made: DisposableStack) {
  return (name: string, shape: readonly number[], options: { seed: number; mean?: number }) =>
    made.use(createState(device, {
      name,
      shape,
      data: normalData(shape.reduce((a, b) => a * b), { deviation: 0.3, ...options }),
    })).tensor;
}

/** Two convolutions with batch norm after each, as in the papers' blocks, and the gradients of all parameters. */
function block(device: Device) {
  using made = new DisposableStack();
  const state = stateMaker(device, made);
  const weights = [state("first", [3, 3, 4, 8], { seed: 1 }), state("second", [4, 4, 8, 4], { seed: 2 })];
  const norms = [8, 4].map((channels, i) => ({
    gamma: state(`gamma ${i}`, [channels], { seed: 3 + i, mean: 1 }),
    beta: state(`beta ${i}`, [channels], { seed: 5 + i }),
    runningMean: state(`mean ${i}`, [channels], { seed: 7 + i }),
    runningVariance: state(`variance ${i}`, [channels], { seed: 9 + i, mean: 2 }),
    training: true,
  }));
  const parameters = [...weights, ...norms.flatMap(({ gamma, beta }) => [gamma, beta])];
  const build = (): ProgramResults => {
    const x = input("x", { shape: SHAPE });
    const first = batchNorm2d(conv2d(x, weights[0]!, { padding: 1 }), { ...norms[0]!, relu: true });
    const second = batchNorm2d(convTranspose2d(first, weights[1]!, { stride: 2, padding: 1 }), norms[1]!);
    const loss = mean(square(square(second)));
    const grads = gradients(loss, parameters);
    return { outputs: { loss, ...Object.fromEntries(grads.map((g: Tensor, i: number) => [`g${i}`, g])) } };
  };
  const owned = made.move();
  return { build, names: parameters.map((_, i) => `g${i}`), [Symbol.dispose]: () => owned.dispose() };
}

function kernelsOf(
  device: Device,
  build: () => ProgramResults,
  options: { recomputeBytes?: number; maxStorageBuffers?: number } = {},
): string[] {
  const { result, trace } = traced(build);
  const plan = planProgram({
    outputs: new Map(Object.entries(result.outputs ?? {})),
    metrics: new Map(),
    effects: trace.effects,
    declared: trace.inputs,
    ringCapacity: 4,
  }, {
    target: { ...device.target, profile: "gpu", ...options },
    maxBufferBytes: 2 ** 28,
    ...options,
  });
  return plan.commands.map(({ command }) => command.dispatch.kernel);
}

Deno.test("convolutions sum up their results for the batch norm that reads them, forward and backward", async () => {
  using device = await Device.open({ profile: "gpu" });
  using made = block(device);
  const kernels = kernelsOf(device, made.build);
  // The last gradient comes from no convolution.
  assert.deepEqual(kernels.filter((name) => name.startsWith("norm_moments")), []);
  assert.equal(kernels.filter((name) => name.startsWith("norm_gradient_sums")).length, 1);
  assert.equal(kernels.filter((name) => name.endsWith("-sums")).length, 3);
});

Deno.test("sums by convolutions give the loss and gradients of sums in passes of their own", async () => {
  const results: Float32Array[][] = [];
  const x = normalData(3 * 9 * 9 * 4, { seed: 20, mean: 1 });
  for (const profile of ["gpu", "software"] as const) {
    using device = await Device.open({ profile });
    using made = block(device);
    using program = await compile(device, made.build);
    program.run({ x });
    results.push(await program.read("loss", ...made.names));
  }
  const [got, want] = results;
  want!.forEach((values, i) => {
    const error = relativeError(got![i]!, values);
    assert.ok(error < 2e-5, `result ${i}: ${error}`);
  });
});

Deno.test("a feature map that a mask follows is summed up where the mask is applied", async () => {
  using device = await Device.open({ profile: "gpu" });
  using made = block(device);
  using weights = createState(device, { name: "w", shape: [1, 1, 4, 4], data: normalData(16, { seed: 1 }) });
  const kernels = kernelsOf(device, () => {
    const { outputs } = made.build();
    const x = input("y", { shape: SHAPE });
    const y = dropout2d(conv2d(x, weights.tensor), { rate: 0.5, stream: 1 });
    const channels = (name: string) => input(name, { shape: [4] });
    const state = (name: string) => createState(device, { name, shape: [4], data: new Float32Array(4) });
    using mean = state("mean");
    using variance = state("variance");
    const normed = batchNorm2d(y, {
      gamma: channels("gamma"),
      beta: channels("beta"),
      runningMean: mean.tensor,
      runningVariance: variance.tensor,
      training: true,
    });
    return { outputs: { ...outputs, normed } };
  });
  assert.equal(kernels.filter((name) => name.endsWith("-fused-sums")).length, 1);
});

/** Images of so many products that they are not added up with compensation. */
const LARGE = [5, 33, 33, 4] as const;

/** The end of a decoder, as in the papers' networks: a batch norm and a dropped-out map are added up, and convolved. */
function decoderEnd(device: Device) {
  using made = new DisposableStack();
  const state = stateMaker(device, made);
  const norm = {
    gamma: state("gamma", [8], { seed: 1, mean: 1 }),
    beta: state("beta", [8], { seed: 2 }),
    runningMean: state("mean", [8], { seed: 3 }),
    runningVariance: state("variance", [8], { seed: 4, mean: 2 }),
    training: true,
  };
  const weights = [state("short", [1, 1, 4, 8], { seed: 5 }), state("outer", [1, 1, 4, 8], { seed: 6 })];
  const last = state("last", [3, 3, 8, 1], { seed: 7 });
  const parameters = [norm.gamma, norm.beta, ...weights, last];
  const build = (): ProgramResults => {
    const x = input("x", { shape: LARGE });
    const short = batchNorm2d(conv2d(x, weights[0]!), norm);
    const outer = dropout2d(conv2d(x, weights[1]!), { rate: 0.5, stream: 1 });
    const image = convTranspose2d(add(short, outer), last, { stride: 2, padding: 1, outputPadding: 1 });
    const loss = mean(square(square(image)));
    const grads = gradients(loss, parameters);
    return { outputs: { loss, ...Object.fromEntries(grads.map((g: Tensor, i: number) => [`g${i}`, g])) } };
  };
  const owned = made.move();
  return { build, names: parameters.map((_, i) => `g${i}`), [Symbol.dispose]: () => owned.dispose() };
}

Deno.test("a gradient of few products is computed twice, for the sums and for all that is made of it", async () => {
  using device = await Device.open({ profile: "gpu" });
  using made = decoderEnd(device);
  const kernels = (recomputeBytes: number, maxStorageBuffers = 16) =>
    kernelsOf(device, made.build, { recomputeBytes, maxStorageBuffers });
  const short = (...limits: [number, number?]) => kernels(...limits).filter((name) => name.includes("/gpu-short"));
  const bytes = 4 * 5 * 33 * 33 * 8;
  assert.deepEqual(short(bytes), ["conv_forward/gpu-short-sums", "conv_forward/gpu-short-fused"]);
  assert.deepEqual(kernels(bytes).filter((name) => /^pointwise.*batch_norm_input_gradient/.test(name)), []);
  // Too small to be worth it, or more than a kernel can bind.
  assert.deepEqual(short(bytes + 1), ["conv_forward/gpu-short-sums"]);
  assert.deepEqual(short(bytes, 10), ["conv_forward/gpu-short-sums"]);
});

Deno.test("a gradient computed twice gives what one computed once does", async () => {
  const x = normalData(5 * 33 * 33 * 4, { seed: 20, mean: 1 });
  const run = async (profile: "gpu" | "software", recomputeBytes: number) => {
    using device = await Device.open({ profile });
    using made = decoderEnd(device);
    using program = await compile(device, made.build, { recomputeBytes });
    program.run({ x });
    return await program.read("loss", ...made.names);
  };
  const want = await run("software", Infinity);
  for (const bytes of [1, Infinity]) {
    const got = await run("gpu", bytes);
    want.forEach((values, i) => {
      const error = relativeError(got[i]!, values);
      assert.ok(error < 2e-5, `result ${i}: ${error}`);
    });
  }
});
