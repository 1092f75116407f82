/**
 * The naive kernels, which document what each family computes, agree with the fast ones.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../runtime/device/device.ts";
import { lowerAugment } from "../../runtime/kernels/augment/augment.ts";
import { lowerCategoricalNll } from "../../runtime/kernels/categorical/categorical.ts";
import { convForward, convTransposed } from "../../runtime/kernels/conv/conv.ts";
import { convUniforms } from "../../runtime/kernels/conv/conv_geometry.ts";
import {
  type Dispatch,
  f32,
  gridFor,
  type Lowering,
  type Operand,
  reads,
  type Uniforms,
  updates,
  writes,
} from "../../runtime/kernels/kernel.ts";
import { lowerMmvmKl } from "../../runtime/kernels/latent/latent.ts";
import { matmul } from "../../runtime/kernels/matmul/matmul.ts";
import { lowerPermute, lowerSlice } from "../../runtime/kernels/movement/movement.ts";
import { lowerBatchNormStatistics } from "../../runtime/kernels/norm/norm.ts";
import { lowerFiniteCheck } from "../../runtime/kernels/numerics/finite.ts";
import { rebound } from "../../runtime/kernels/operands.ts";
import { lowerAdam } from "../../runtime/kernels/optimizer/optimizer.ts";
import { lowerAveragePool, lowerMaxPool } from "../../runtime/kernels/pool/pool.ts";
import { lowerPointwise } from "../../runtime/kernels/pointwise/pointwise.ts";
import { lowerRandom } from "../../runtime/kernels/random/random.ts";
import { lowerReduce } from "../../runtime/kernels/reduce/reduce.ts";
import augmentCode from "../../shaders/augment/naive.wgsl" with { type: "text" };
import categoricalCode from "../../shaders/categorical/naive.wgsl" with { type: "text" };
import convCode from "../../shaders/conv/naive.wgsl" with { type: "text" };
import latentCode from "../../shaders/latent/naive.wgsl" with { type: "text" };
import matmulCode from "../../shaders/matmul/naive.wgsl" with { type: "text" };
import movementCode from "../../shaders/movement/naive.wgsl" with { type: "text" };
import normCode from "../../shaders/norm/naive.wgsl" with { type: "text" };
import numericsCode from "../../shaders/numerics/naive.wgsl" with { type: "text" };
import optimizerCode from "../../shaders/optimizer/naive.wgsl" with { type: "text" };
import philoxCode from "../../shaders/random/philox.wgsl" with { type: "text" };
import poolCode from "../../shaders/pool/naive.wgsl" with { type: "text" };
import pointwiseCode from "../../shaders/pointwise/naive.wgsl" with { type: "text" };
import randomCode from "../../shaders/random/naive.wgsl" with { type: "text" };
import reduceCode from "../../shaders/reduce/naive.wgsl" with { type: "text" };
import { philox } from "../../base/philox.ts";
import { assertClose, normalData } from "../reference/compare.ts";
import { CONV_CASES, convData, describe, geometryOf } from "./conv/conv_cases.ts";
import { type Data, runLowering } from "./run_lowering.ts";

/** The lowering of a naive kernel with one invocation per element. */
function naive(
  code: string,
  kernel: { items: number; uniforms: Uniforms; operands: Record<string, Operand>; values?: Dispatch["values"] },
): Lowering {
  const { items, uniforms, operands, values = {} } = kernel;
  return { dispatches: [{ kernel: "naive", code, values, uniforms, operands, grid: gridFor(Math.ceil(items / 64)) }] };
}

const input = (i: number): Operand => reads({ input: i }, "f32");
const output = (i: number): Operand => writes({ output: i }, "f32");

/** Runs both and compares all outputs. */
async function compare(
  device: Device,
  pair: { fast: Lowering; naive: Lowering; inputs: readonly Data[]; outputs: readonly number[]; label?: string },
): Promise<void> {
  const { inputs, outputs, label = "naive" } = pair;
  const fast = await runLowering(device, pair.fast, { inputs, outputs });
  const plain = await runLowering(device, pair.naive, { inputs, outputs });
  outputs.forEach((_, i) => assertClose(fast.outputs[i]!, plain.outputs[i]!, { label: `${label}, output ${i}` }));
}

for (
  const [name, transposed, lower] of [["forward", false, convForward], ["transposed", true, convTransposed]] as const
) {
  Deno.test(`shaders/conv/naive.wgsl computes the ${name} convolution of the fast kernels`, async () => {
    using device = await Device.open();
    for (const g of CONV_CASES.slice(0, 20).flatMap((test) => geometryOf(test, transposed) ?? [])) {
      const { x, w, bias } = convData(g);
      const count = g.n * g.outH * g.outW * g.cout;
      const plain = naive(convCode, {
        items: count,
        values: { TRANSPOSED: transposed },
        uniforms: { ...convUniforms(g, { inputs: g.cin, outputs: g.cout }), count },
        operands: { x: input(0), w: input(1), bias: input(2), y: output(0) },
      });
      const fast = lower({ ...g, bias: true }, device.target);
      await compare(device, { fast, naive: plain, inputs: [x, w, bias], outputs: [count], label: describe(g) });
    }
  });
}

Deno.test("shaders/matmul/naive.wgsl computes the product of the fast kernels", async () => {
  using device = await Device.open();
  for (const [m, n, k, batches] of [[1, 1, 1, 1], [5, 7, 11, 3], [72, 88, 200, 2], [130, 4, 33, 1]] as const) {
    const plain = naive(matmulCode, {
      items: batches * m * n,
      uniforms: { m, n, k, count: batches * m * n },
      operands: { a: input(0), b: input(1), y: output(0) },
    });
    const inputs = [normalData(batches * m * k, { seed: 1 }), normalData(batches * k * n, { seed: 2 })];
    const fast = matmul({ m, n, k, batches }, device.target);
    await compare(device, { fast, naive: plain, inputs, outputs: [batches * m * n], label: `${m} x ${k} x ${n}` });
  }
});

Deno.test("shaders/norm/naive.wgsl computes scale and shift of the fast kernels", async () => {
  using device = await Device.open();
  for (const [rows, channels] of [[2, 1], [33, 5], [1000, 16]] as const) {
    const of = (seed: number) => normalData(channels, { seed, mean: 1, deviation: 0.2 });
    const [x, gamma, beta] = [normalData(rows * channels, { seed: 1, mean: 0.5 }), of(2), of(3)];
    const sizes = { rows, channels };
    const plain = naive(normCode, {
      items: channels,
      uniforms: { ...sizes, epsilon: f32(1e-5) },
      operands: { x: input(0), gamma: input(1), beta: input(2), scale: output(0), shift: output(1) },
    });
    const fast = lowerBatchNormStatistics(sizes, { momentum: 0.1, epsilon: 1e-5, target: device.target });
    const inputs = [x, gamma, beta, of(4), of(5)];
    const want = await runLowering(device, plain, { inputs: inputs.slice(0, 3), outputs: [channels, channels] });
    const got = await runLowering(device, fast, { inputs, outputs: [channels, channels, 2 * channels] });
    want.outputs.forEach((data, i) => assertClose(got.outputs[i]!, data, { label: `${rows} x ${channels}, ${i}` }));
  }
});

Deno.test("shaders/latent/naive.wgsl computes the MMVM regularizer of the fast kernels", async () => {
  using device = await Device.open();
  for (const [views, samples, width] of [[1, 1, 1], [2, 9, 64], [3, 70, 5]] as const) {
    const data = [1, 2].map((seed) => normalData(views * samples * width, { seed }));
    const plain = naive(latentCode, {
      items: samples,
      uniforms: { views, samples, width, alpha: f32(0.3) },
      operands: { mu: input(0), logvar: input(1), kl: output(0) },
    });
    const fast = lowerMmvmKl({ views, samples, width, target: device.target });
    await compare(device, { fast, naive: plain, inputs: [...data, Float32Array.of(0.3)], outputs: [samples] });
  }
});

Deno.test("shaders/movement/naive.wgsl permutes and slices as the fast kernels do, bit for bit", async () => {
  using device = await Device.open();
  const { target } = device;
  const shape = [5, 12, 8] as const;
  const data = normalData(5 * 12 * 8, { seed: 1 });
  const steps = [96, 8, 1];
  const run = async (lowering: Lowering, count: number) =>
    (await runLowering(device, lowering, { inputs: [data], outputs: [count] })).outputs[0];
  const plain = (sizes: readonly number[], options: { base: number; steps: readonly number[] }) => {
    const [size_a, size_b, size_c] = sizes as [number, number, number];
    const [step_a, step_b, step_c] = options.steps as [number, number, number];
    return naive(movementCode, {
      items: size_a * size_b * size_c,
      uniforms: { base: options.base, size_a, size_b, size_c, step_a, step_b, step_c },
      operands: { source: reads({ input: 0 }, "u32"), destination: writes({ output: 0 }, "u32") },
    });
  };
  for (const axes of [[0, 2, 1], [2, 0, 1], [1, 0, 2]] as const) {
    const want = plain(axes.map((axis) => shape[axis]), { base: 0, steps: axes.map((axis) => steps[axis]!) });
    assert.deepEqual(await run(lowerPermute(shape, { axes, target }), 480), await run(want, 480), `${axes}`);
  }
  const slice = lowerSlice(shape, { starts: [1, 2, 3], sizes: [2, 5, 2], steps: [2, 2, 3], target });
  const want = plain([2, 5, 2], { base: 96 + 16 + 3, steps: [192, 16, 3] });
  assert.deepEqual(await run(slice, 20), await run(want, 20));
});

Deno.test("shaders/numerics/naive.wgsl finds the values of the fast check", async () => {
  using device = await Device.open();
  for (
    const [nan, infinity] of [[undefined, undefined], [7, 3], [4096, undefined], [undefined, 9999], [0, 1]] as const
  ) {
    const values = new Float32Array(10_000).fill(1);
    if (nan !== undefined) values[nan] = NaN;
    if (infinity !== undefined) values[infinity] = -Infinity;
    const check = rebound(
      lowerFiniteCheck({ count: values.length, check: 0 }),
      (buffer) => "output" in buffer ? { input: 1 } : buffer,
    );
    const fast = await runLowering(device, { dispatches: [check] }, {
      inputs: [values, new Uint32Array(2)],
      outputs: [],
    });
    const plain = naive(numericsCode, {
      items: 1,
      uniforms: { count: values.length },
      operands: { values: reads({ input: 0 }, "u32"), found: writes({ output: 0 }, "u32") },
    });
    const single = { dispatches: plain.dispatches.map((dispatch) => ({ ...dispatch, lanes: 1 })) };
    const want = await runLowering(device, single, { inputs: [values], outputs: [2] });
    const bits = (data: Float32Array) => [...new Uint32Array(data.buffer)];
    assert.deepEqual(bits(fast.inputs[1]!), bits(want.outputs[0]!), `${nan} ${infinity}`);
  }
});

Deno.test("shaders/optimizer/naive.wgsl takes the step of the fast Adam", async () => {
  using device = await Device.open();
  const [count, t, rate, beta1, beta2, eps] = [4096, 3, 0.01, 0.9, 0.999, 1e-8];
  const data = (seed: number) => normalData(count, { seed });
  const inputs = [data(1), data(2), data(3).map(Math.abs), data(4)];
  const hyper = [rate / (1 - beta1 ** t), 1 - beta1, 1 - beta2, 1 / Math.sqrt(1 - beta2 ** t), eps, 0, 0];
  const fast = await runLowering(device, lowerAdam({ length: count, target: device.target }), {
    inputs: [...inputs, Float32Array.from(hyper), Float32Array.of(1, 0)],
    outputs: [],
  });
  const changing = (i: number) => updates({ input: i }, "f32");
  const plain = naive(optimizerCode, {
    items: count,
    uniforms: { count, t: f32(t), rate: f32(rate), beta1: f32(beta1), beta2: f32(beta2), eps: f32(eps) },
    operands: { parameters: changing(0), m: changing(1), v: changing(2), gradients: input(3) },
  });
  const want = await runLowering(device, plain, { inputs, outputs: [] });
  for (const i of [0, 1, 2]) assertClose(fast.inputs[i]!, want.inputs[i]!, { label: `slab ${i}` });
});

Deno.test("shaders/pointwise/naive.wgsl computes a fused chain", async () => {
  using device = await Device.open();
  for (const [rows, columns] of [[1, 1], [7, 3], [300, 64]] as const) {
    const plain = naive(pointwiseCode, {
      items: rows * columns,
      uniforms: { rows, columns },
      operands: { x: input(0), scale: input(1), shift: input(2), y: output(0) },
    });
    const fast = lowerPointwise({
      shape: [rows, columns],
      inputs: [[rows, columns], [columns], [columns]],
      steps: [
        { args: [{ input: 0 }, { input: 1 }, { input: 2 }], expression: ([x, a, b]) => `(${x} * ${a} + ${b})` },
        { args: [{ step: 0 }], expression: ([x]) => `exp(${x})` },
      ],
    }, { outputs: [1], target: device.target, label: "chain" });
    const inputs = [normalData(rows * columns, { seed: 1 }), ...[2, 3].map((seed) => normalData(columns, { seed }))];
    await compare(device, { fast, naive: plain, inputs, outputs: [rows * columns], label: `${rows} x ${columns}` });
  }
});

Deno.test("shaders/reduce/naive.wgsl sums rows as the generated kernels do", async () => {
  using device = await Device.open();
  for (const [rows, columns] of [[1, 1], [70, 3], [5, 5000], [129, 64]] as const) {
    const plain = naive(reduceCode, {
      items: rows,
      uniforms: { rows, columns },
      operands: { x: input(0), y: output(0) },
    });
    const expression = { shape: [rows, columns], inputs: [[rows, columns]], steps: [] };
    const fast = lowerReduce(expression, { axes: [1], kind: "sum", target: device.target, label: "rows" });
    const inputs = [normalData(rows * columns, { seed: 1, mean: 1 })];
    await compare(device, { fast, naive: plain, inputs, outputs: [rows], label: `${rows} x ${columns}` });
  }
});

Deno.test("shaders/random/naive.wgsl draws the normal numbers of the fast kernel", async () => {
  using device = await Device.open();
  for (const count of [1, 63, 1000]) {
    const plain = naive(`${philoxCode}\n${randomCode}`, {
      items: count,
      uniforms: { count, stream: 77 },
      operands: { state: reads({ input: 0 }, "u32"), out: output(0) },
    });
    const fast = lowerRandom({ count, stream: 77, distribution: "normal" });
    await compare(device, { fast, naive: plain, inputs: [Uint32Array.of(1, 2, 3, 4)], outputs: [count] });
  }
});

Deno.test("shaders/augment/naive.wgsl shifts, scales and rotates as the fast kernel does", async () => {
  using device = await Device.open();
  const [samples, height, width, seed, step, stream] = [3, 7, 11, 5, 2, 77];
  const amounts = { shift: 0.2, scale: 0.3, rotate: 40, crop: 0, flip: 0, contrast: 0, brightness: 0, noise: 0 };
  const fast = lowerAugment({
    ...{ samples, height, width, channels: 1, amounts },
    ...{ stream, noiseStream: 1, view: 0, first: 0 },
  });
  const changes = Array.from({ length: samples }, (_, n) => {
    const symmetric = (block: number) =>
      philox([block, n, stream, step], [seed, 0]).map((word) => 2 * (word >>> 8) / 2 ** 24 - 1);
    const [x = 0, y = 0, turn = 0] = symmetric(1);
    const angle = amounts.rotate * turn * Math.PI / 180;
    const shift = [amounts.shift * x * width, amounts.shift * y * height];
    return [1 + amounts.scale * symmetric(0)[0]!, Math.cos(angle), Math.sin(angle), ...shift, 1];
  });
  const plain = naive(augmentCode, {
    items: samples * height * width,
    uniforms: { samples, height, width, brightness: f32(0) },
    operands: { x: input(0), changes: input(1), y: output(0) },
  });
  const x = normalData(samples * height * width, { seed: 1, mean: 0.5, deviation: 0.1 });
  const outputs = [x.length];
  const want = await runLowering(device, plain, { inputs: [x, Float32Array.from(changes.flat())], outputs });
  const got = await runLowering(device, fast, { inputs: [x, Uint32Array.of(seed, 0, step, 0)], outputs });
  assertClose(got.outputs[0]!, want.outputs[0]!, { label: "naive" });
});

Deno.test("shaders/categorical/naive.wgsl computes the likelihoods of the fast kernel", async () => {
  using device = await Device.open();
  const [samples, positions, words] = [5, 6, 36];
  const rows = samples * positions;
  const logits = normalData(rows * words, { seed: 1, deviation: 3 });
  const tokens = Uint32Array.from({ length: rows }, (_, i) => (7 * i) % words);
  const lengths = Uint32Array.of(6, 0, 3, 1, 5);
  const inputs = [logits, tokens, lengths];
  const plain = naive(categoricalCode, {
    items: rows,
    uniforms: { rows, positions, words },
    operands: {
      logits: input(0),
      tokens: reads({ input: 1 }, "u32"),
      lengths: reads({ input: 2 }, "u32"),
      nll: output(0),
    },
  });
  const { outputs: [want] } = await runLowering(device, plain, { inputs, outputs: [rows] });
  for (const profile of ["software", "gpu"] as const) {
    const fast = lowerCategoricalNll({ samples, positions, words, target: { ...device.target, profile } });
    const { outputs: [nll] } = await runLowering(device, fast, { inputs, outputs: [rows, rows] });
    assertClose(nll!, want!, { label: profile });
  }
});

Deno.test("shaders/pool/naive.wgsl computes the maxima and means of the fast kernels", async () => {
  using device = await Device.open();
  for (const channels of [4, 3]) {
    const [n, h, w, kernel, stride, padding, outH, outW] = [2, 9, 8, 3, 2, 1, 5, 4];
    const pair = (value: number) => [value, value] as const;
    const sizes = { n, h, w, channels, outH, outW };
    const g = { ...sizes, kernel: pair(kernel), stride: pair(stride), padding: pair(padding) };
    const count = n * outH * outW * channels;
    const x = normalData(n * h * w * channels, { seed: 1 });
    for (const [MAXIMUM, lowering] of [[true, lowerMaxPool(g)], [false, lowerAveragePool(g)]] as const) {
      const plain = naive(poolCode, {
        items: count,
        values: { MAXIMUM },
        uniforms: { height: h, width: w, channels, out_height: outH, out_width: outW, kernel, stride, padding, count },
        operands: { x: input(0), y: output(0) },
      });
      const want = await runLowering(device, plain, { inputs: [x], outputs: [count] });
      const got = await runLowering(device, lowering, { inputs: [x], outputs: MAXIMUM ? [count, count] : [count] });
      assertClose(got.outputs[0]!, want.outputs[0]!, { label: `${channels} channels, maximum: ${MAXIMUM}` });
    }
  }
});
