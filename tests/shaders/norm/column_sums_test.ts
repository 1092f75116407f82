/**
 * Column sums that a convolution's kernel computes of its results, combined by batch norm's second passes, against
 * float64.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { convForward, convTransposed, convVariants } from "../../../runtime/kernels/conv/conv.ts";
import type { ConvGeometry } from "../../../runtime/kernels/conv/conv_geometry.ts";
import { COMPUTE_TYPES, type ComputeType, type Target } from "../../../runtime/kernels/kernel.ts";
import type { ColumnSums } from "../../../runtime/kernels/norm/column_sums.ts";
import { lowerBatchNormGradient, lowerBatchNormStatistics } from "../../../runtime/kernels/norm/norm.ts";
import type { Epilogue } from "../../../runtime/kernels/pointwise/expression.ts";
import { assertClose, normalData } from "../../reference/compare.ts";
import { batchNormGradient, channelMoments } from "../../reference/norm.ts";
import { CONV_CASES, convData, describe, forcing, geometryOf } from "../conv/conv_cases.ts";
import { runLowering } from "../run_lowering.ts";

const EPSILON = 1e-5;

interface Case {
  readonly geometry: ConvGeometry;
  readonly transposed: boolean;
  readonly target: Target;
  readonly bias: Float32Array;
  readonly epilogue?: Epilogue;
  readonly half?: boolean;
}

/**
 * Shapes with vectors of output channels: odd sizes, phases of unequal sizes, single pixels, several tiles. Sums that
 * are long enough to be shared out among workgroups leave no column sums.
 */
const GEOMETRIES = [false, true].flatMap((transposed) =>
  CONV_CASES.flatMap((test) => geometryOf(test, transposed) ?? [])
    .filter(({ kh, kw, cin, cout }) => cout % 4 === 0 && kh * kw * cin < 256)
    .map((geometry) => ({ geometry, transposed }))
);

/** What the convolution stores, and its partial sums. */
async function convolve(device: Device, given: Case, sums: ColumnSums & { inputs: readonly Float32Array[] }) {
  const { geometry, transposed, target, bias, epilogue, half = false } = given;
  const { x, w } = convData(geometry);
  const { kind, relu, inputs } = sums;
  const lowering = (transposed ? convTransposed : convForward)({
    ...geometry,
    bias: true,
    ...(epilogue ? { epilogue } : {}),
    sums: { kind, relu, output: epilogue ? 1 : 0, firstInput: 3, to: epilogue ? 2 : 1, only: false },
  }, target);
  assert.ok(lowering.partials, describe(geometry));
  const count = geometry.n * geometry.outH * geometry.outW * geometry.cout;
  const { shares } = lowering.partials;
  const results = epilogue ? [count, count] : [count];
  const { outputs } = await runLowering(device, lowering, {
    inputs: [x, w, bias, ...inputs],
    outputs: [...results, 3 * shares * geometry.cout],
    halves: half ? { inputs: [0], outputs: results.map((_, i) => i) } : {},
  });
  return { y: outputs.at(-2)!, partials: outputs.at(-1)!, shares };
}

function rowsOf({ n, outH, outW, cout }: ConvGeometry) {
  return { rows: n * outH * outW, channels: cout };
}

async function checkMoments(device: Device, given: Case, tolerance?: number): Promise<void> {
  const shape = rowsOf(given.geometry);
  const { channels } = shape;
  const { y, partials, shares } = await convolve(device, given, { kind: "moments", relu: false, inputs: [] });
  const lowering = lowerBatchNormStatistics(shape, {
    momentum: 0.1,
    epsilon: EPSILON,
    target: given.target,
    partials: { shares },
  });
  const ones = new Float32Array(channels).fill(1);
  const { outputs } = await runLowering(device, lowering, {
    inputs: [y, ones, ones, ones, ones, partials],
    outputs: [channels, channels, 2 * channels],
  });
  const { mean, variance } = channelMoments(y, shape);
  const moments = [...mean, ...variance.map((v) => 1 / Math.sqrt(v + EPSILON))];
  assertClose(outputs[2]!, moments, { label: describe(given.geometry), ...(tolerance ? { tolerance } : {}) });
}

async function checkGradient(device: Device, given: Case & { relu: boolean }): Promise<void> {
  const { geometry, relu, target } = given;
  const shape = rowsOf(geometry);
  const { rows, channels } = shape;
  const x = normalData(rows * channels, { seed: 11, mean: 0.4 });
  const [gamma, beta] = [12, 13].map((seed) => normalData(channels, { seed, mean: 0.5, deviation: 0.3 }));
  const { mean, variance } = channelMoments(x, shape);
  const inverse = variance.map((v) => 1 / Math.sqrt(v + EPSILON));
  const scale = Float32Array.from(inverse, (v, c) => v * gamma![c]!);
  const shift = Float32Array.from(scale, (v, c) => beta![c]! - mean[c]! * v);
  const moments = Float32Array.from([...mean, ...inverse]);
  const inputs = relu ? [x, moments, scale, shift] : [x, moments];
  const { y: dy, partials, shares } = await convolve(device, given, { kind: "gradient", relu, inputs });
  const lowering = lowerBatchNormGradient(shape, { relu, training: true, target, partials: { shares } });
  const { outputs } = await runLowering(device, lowering, {
    inputs: [dy, x, moments, scale, shift, partials],
    outputs: new Array(6).fill(channels),
  });
  const want = batchNormGradient({ ...shape, x, dy, gamma: gamma!, beta: beta!, epsilon: EPSILON, relu });
  assertClose(outputs[0]!, want.dgamma, { label: `dgamma of ${describe(geometry)}` });
  assertClose(outputs[1]!, want.dbeta, { label: `dbeta of ${describe(geometry)}` });
}

function tileTarget(device: Device, variant: string): Target {
  return forcing({ ...device.target, profile: "gpu", compute: variant.endsWith("-f16") ? "f16" : "f32" }, variant);
}

function tileVariants(device: Device, compute: ComputeType): string[] {
  const target: Target = { ...device.target, profile: "gpu", compute };
  return convVariants(GEOMETRIES[0]!.geometry, { transposed: false, target }).filter((name) => /^gpu-\d/.test(name));
}

Deno.test("column sums agree with float64 for all kinds of convolutions", async () => {
  using device = await Device.open();
  const target = tileTarget(device, "gpu-32x32-64");
  for (const [at, { geometry, transposed }] of GEOMETRIES.entries()) {
    const given = { geometry, transposed, target, bias: convData(geometry).bias };
    // Compiling is what takes time: each geometry is tested with one kind of sums.
    if (at % 3 === 0) await checkMoments(device, given);
    else await checkGradient(device, { ...given, relu: at % 3 === 1 });
  }
});

Deno.test("column sums of every shape of tile agree with float64", async () => {
  using device = await Device.open();
  const { geometry, transposed } = GEOMETRIES.find((each) => each.transposed && each.geometry.cin % 4 === 0)!;
  const variants = COMPUTE_TYPES.flatMap((compute) => tileVariants(device, compute));
  for (const [i, variant] of variants.entries()) {
    const given = { geometry, transposed, target: tileTarget(device, variant), bias: convData(geometry).bias };
    // Tiles of float16 differ in where they leave the sums only, which is the same for both kinds.
    if (!variant.endsWith("-f16") || i % 2 === 0) await checkMoments(device, given);
    if (!variant.endsWith("-f16") || i % 2 === 1) await checkGradient(device, { ...given, relu: true });
  }
});

Deno.test("column sums of many tiles and a large result agree with float64", async () => {
  using device = await Device.open();
  const geometry = geometryOf(
    { n: 3, image: [101, 67], kernel: [2, 2], channels: [4, 12], stride: [2, 2], padding: [1, 0] },
    true,
  )!;
  const given = {
    geometry,
    transposed: true,
    target: tileTarget(device, "gpu-32x32-64"),
    bias: convData(geometry).bias,
  };
  await checkMoments(device, given);
  await checkGradient(device, { ...given, relu: true });
});

Deno.test("column sums of sums that are shared out among workgroups agree with float64", async () => {
  using device = await Device.open();
  const target: Target = { ...device.target, profile: "gpu" };
  for (const [cout, transposed] of [[68, false], [4, true]] as const) {
    const geometry = geometryOf({ n: 3, image: [5, 4], kernel: [2, 2], channels: [1028, cout] }, transposed)!;
    const given = { geometry, transposed, target, bias: convData(geometry).bias };
    const { dispatches } = (transposed ? convTransposed : convForward)(geometry, target);
    assert.ok(dispatches.some(({ kernel }) => kernel.startsWith("conv_fold/")), describe(geometry));
    await checkMoments(device, given);
    await checkGradient(device, { ...given, relu: !transposed });
  }
});

Deno.test("column sums of convolutions of few inputs agree with float64", async () => {
  using device = await Device.open();
  const target = tileTarget(device, "gpu-short");
  const cases = [
    { image: [1, 5], kernel: [1, 3], channels: [1, 4] },
    { n: 3, image: [16, 16], kernel: [3, 3], channels: [1, 8], stride: [2, 2], padding: [1, 1] },
    { n: 2, image: [9, 7], kernel: [2, 3], channels: [3, 76], stride: [2, 1], padding: [1, 1] },
    { n: 5, image: [101, 67], kernel: [3, 3], channels: [1, 64], stride: [2, 2], padding: [17, 1] },
  ] as const;
  for (const [i, test] of cases.entries()) {
    const geometry = geometryOf(test, false)!;
    const given = { geometry, transposed: false, target, bias: convData(geometry).bias };
    await checkMoments(device, given);
    await checkGradient(device, { ...given, relu: i % 2 === 0 });
    await checkGradient(device, { ...given, relu: i % 2 === 1 });
  }
  const geometry = geometryOf(cases[2], false)!;
  const given = { geometry, transposed: false, target, bias: convData(geometry).bias };
  await checkMoments(device, { ...given, half: true }, 2e-4);
});

Deno.test("column sums of so many channels that vectors of them are combined agree with float64", async () => {
  using device = await Device.open();
  const geometry = geometryOf({ n: 1, image: [91, 91], kernel: [1, 1], channels: [4, 268] }, false)!;
  const target = tileTarget(device, "gpu-32x32-64");
  const given = { geometry, transposed: false, target, bias: convData(geometry).bias };
  const options = { momentum: 0.1, epsilon: EPSILON, target, partials: { shares: 4 } };
  const [pass] = lowerBatchNormStatistics(rowsOf(geometry), options).dispatches;
  assert.equal(pass!.operands.partials!.type, "vec4f");
  await checkMoments(device, given);
  await checkGradient(device, { ...given, relu: true });
});

Deno.test("column moments keep the variance of results far from zero", async () => {
  using device = await Device.open();
  const { geometry, transposed } = GEOMETRIES[2]!;
  const bias = new Float32Array(geometry.cout).fill(1000);
  await checkMoments(device, { geometry, transposed, target: tileTarget(device, "gpu-64x64-64"), bias });
});

Deno.test("column sums are those of the epilogue's result that is asked for, and of float16 results", async () => {
  using device = await Device.open();
  const { geometry, transposed } = GEOMETRIES[2]!;
  const { n, outH, outW, cout } = geometry;
  const shape = [n, outH, outW, cout];
  const epilogue: Epilogue = {
    expression: {
      shape,
      inputs: [shape],
      steps: [
        { args: [{ input: 0 }], expression: ([v]) => `(${v} * ${v})` },
        { args: [{ step: 0 }, { input: 0 }], expression: ([a, b]) => `(${a} - ${b})` },
      ],
    },
    outputs: [0, 1],
  };
  const given = { geometry, transposed, target: tileTarget(device, "gpu-64x64-64"), bias: convData(geometry).bias };
  await checkMoments(device, { ...given, epilogue });
  await checkGradient(device, { ...given, relu: false });
  // The sums are of the results before they are rounded to float16.
  await checkMoments(device, { ...given, half: true }, 2e-4);
});

Deno.test("equal inputs give bit-equal column sums, and a NaN stays in its channel", async () => {
  using device = await Device.open();
  const { geometry, transposed } = GEOMETRIES[2]!;
  const { bias } = convData(geometry);
  bias[5] = NaN;
  const given = { geometry, transposed, target: tileTarget(device, "gpu-64x64-64"), bias };
  const run = () => convolve(device, given, { kind: "moments", relu: false, inputs: [] });
  const [first, second] = [await run(), await run()];
  assert.deepEqual(first.partials, second.partials);
  const means = first.partials.subarray(0, geometry.cout);
  assert.deepEqual([...means].map(Number.isNaN), [...means].map((_, c) => c === 5));
});

Deno.test("a result that only the sums need is summed up without being stored", async () => {
  using device = await Device.open();
  const cases = [
    ["gpu-short", { n: 2, image: [9, 7], kernel: [2, 3], channels: [3, 76], stride: [2, 1], padding: [1, 1] }],
    ["gpu-32x32-64", { n: 3, image: [7, 5], kernel: [1, 1], channels: [4, 12] }],
    [undefined, { n: 3, image: [5, 4], kernel: [2, 2], channels: [1028, 68] }],
  ] as const;
  for (const [variant, test] of cases) {
    const geometry = geometryOf(test, false)!;
    const { x, w } = convData(geometry);
    const gpu: Target = { ...device.target, profile: "gpu" };
    const count = geometry.n * geometry.outH * geometry.outW * geometry.cout;
    const run = async (only: boolean) => {
      const sums = { kind: "moments", relu: false, output: 0, firstInput: 2, to: 1, only } as const;
      const lowering = convForward({ ...geometry, sums }, variant ? forcing(gpu, variant) : gpu);
      const partials = 3 * lowering.partials!.shares * geometry.cout;
      return (await runLowering(device, lowering, { inputs: [x, w], outputs: [count, partials] })).outputs;
    };
    const [stored, summed] = [await run(false), await run(true)];
    assert.deepEqual(summed[1], stored[1], describe(geometry));
    assert.ok(stored[0]!.every(Number.isFinite));
    assert.ok(summed[0]!.every(Number.isNaN), describe(geometry));
  }
});
