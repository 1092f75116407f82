/**
 * Kernels over float16. Their arithmetic is that of the same kernels over float32, which other tests hold against
 * float64: so what they store must be, bit for bit, what those store for inputs that float16 can hold, rounded once.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../runtime/device/device.ts";
import type { Dispatch, Lowering, Target } from "../../runtime/kernels/kernel.ts";
import {
  lowerCategoricalGradient,
  lowerCategoricalMode,
  lowerCategoricalNll,
} from "../../runtime/kernels/categorical/categorical.ts";
import { lowerCopy } from "../../runtime/kernels/movement/copy.ts";
import { convForward, convTransposed, convVariants } from "../../runtime/kernels/conv/conv.ts";
import { convWeightGradient, convWeightGradientVariants } from "../../runtime/kernels/conv/conv_weight.ts";
import type { ConvGeometry } from "../../runtime/kernels/conv/conv_geometry.ts";
import type { Expression } from "../../runtime/kernels/pointwise/expression.ts";
import { lowerGather, lowerGatherGradient } from "../../runtime/kernels/movement/gather.ts";
import { matmul, matmulVariants } from "../../runtime/kernels/matmul/matmul.ts";
import { lowerConcat, lowerPad, lowerPermute, lowerSlice } from "../../runtime/kernels/movement/movement.ts";
import {
  lowerBatchNormFewGradient,
  lowerBatchNormGradient,
  lowerBatchNormStatistics,
} from "../../runtime/kernels/norm/norm.ts";
import {
  lowerAveragePool,
  lowerAveragePoolGradient,
  lowerMaxPool,
  lowerMaxPoolGradient,
} from "../../runtime/kernels/pool/pool.ts";
import { lowerPointwise } from "../../runtime/kernels/pointwise/pointwise.ts";
import { lowerRandom } from "../../runtime/kernels/random/random.ts";
import { lowerReduce } from "../../runtime/kernels/reduce/reduce.ts";
import { lowerUnpack } from "../../runtime/kernels/movement/unpack.ts";
import { sizeOf } from "../../runtime/graph/shape.ts";
import { normalData } from "../reference/compare.ts";
import { conv2d, convTranspose2d } from "../reference/conv.ts";
import { matmulReference } from "../reference/matmul.ts";
import { CONV_CASES, convData, describe, forcing, geometryOf, PROFILES } from "./conv/conv_cases.ts";
import { type Data, type Halves, runLowering } from "./run_lowering.ts";

/** Unit roundoff of float16, whose significand has eleven bits. */
const ROUNDOFF = 2 ** -11;

function rounded(data: Data, half: boolean): Data {
  return half ? Float32Array.from(data, Math.f16round) : data;
}

/** Runs a lowering both ways and compares all that it writes. */
async function checkHalves(
  device: Device,
  lowering: Lowering,
  options: { inputs: readonly Data[]; outputs: readonly number[]; halves: Halves; label: string },
): Promise<Float32Array[]> {
  const { halves, outputs, label } = options;
  const inputs = options.inputs.map((data, i) => rounded(data, halves.inputs?.includes(i) ?? false));
  const want = await runLowering(device, lowering, { inputs, outputs });
  const got = await runLowering(device, lowering, { inputs, outputs, halves });
  assert.deepEqual(got.inputs, want.inputs, `${label}: inputs`);
  got.outputs.forEach((data, i) => {
    const half = halves.outputs?.includes(i) ?? false;
    assert.deepEqual(data, rounded(want.outputs[i]!, half), `${label}: output ${i}${half ? ", float16" : ""}`);
  });
  return got.outputs;
}

function assertWithinOneRounding(got: Float32Array, want: ArrayLike<number>, label: string): void {
  const largest = got.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  got.forEach((value, i) => {
    const error = Math.abs(value - want[i]!);
    // What float32 loses before that depends on the terms of a sum, not on the sum.
    const most = ROUNDOFF * Math.abs(want[i]!) + 2e-5 * largest;
    assert.ok(error <= most, `${label}: ${value} for ${want[i]} at ${i}`);
  });
}

const WAYS: readonly { name: string; halves: Halves }[] = [
  { name: "all", halves: { inputs: [0, 1], outputs: [0] } },
  { name: "images", halves: { inputs: [0], outputs: [0] } },
  { name: "the second operand", halves: { inputs: [1] } },
];

/**
 * Whole vectors and odd sizes, small and large enough for texels; for each variant the first one or two that have it
 * are taken.
 */
const GEOMETRIES = CONV_CASES.filter((_, i) => [2, 11, 17, 18, 20, 1].includes(i));

/** For each variant two geometries that have it, and for each of these another choice of operands. */
function casesOf(
  transposed: boolean,
  variantsOf: (geometry: ConvGeometry) => readonly string[],
): { variant: string; geometry: ConvGeometry; halves: Halves; label: string }[] {
  const geometries = GEOMETRIES.flatMap((test) => geometryOf(test, transposed) ?? []);
  return [...new Set(geometries.flatMap(variantsOf))].flatMap((variant, v) =>
    geometries.filter((geometry) => variantsOf(geometry).includes(variant)).slice(0, 2).map((geometry, g) => {
      const { halves, name } = WAYS[(v + g) % WAYS.length]!;
      return { variant, geometry, halves, label: `${variant}, ${name}, ${describe(geometry)}` };
    })
  );
}

for (
  const { name, transposed, lower, reference } of [
    { name: "convForward()", transposed: false, lower: convForward, reference: conv2d },
    { name: "convTransposed()", transposed: true, lower: convTransposed, reference: convTranspose2d },
  ]
) {
  for (const profile of PROFILES) {
    Deno.test(`${name}, ${profile}: all variants over float16 give float32's results rounded once`, async () => {
      using device = await Device.open();
      const target = { ...device.target, profile };
      const cases = casesOf(transposed, (geometry) => convVariants(geometry, { transposed, target }));
      for (const { variant, geometry, halves, label } of cases) {
        const { x, w, bias } = convData(geometry);
        const lowering = lower({ ...geometry, bias: true }, forcing(target, variant));
        const given = [x, w].map((data, k) => rounded(data, halves.inputs!.includes(k)) as Float32Array);
        const want = reference(geometry, { x: given[0]!, w: given[1]!, bias });
        const outputs = [want.length];
        const [y] = await checkHalves(device, lowering, { inputs: [x, w, bias], outputs, halves, label });
        assertWithinOneRounding(y!, want, label);
      }
    });
  }
}

for (const profile of PROFILES) {
  Deno.test(`convWeightGradient(), ${profile}: all variants over float16 give float32's bits`, async () => {
    using device = await Device.open();
    const target = { ...device.target, profile };
    const cases = casesOf(false, (geometry) => convWeightGradientVariants(geometry, target));
    for (const { variant, geometry, halves: { inputs }, label } of cases) {
      const { x, gy, w } = convData(geometry);
      await checkHalves(device, convWeightGradient(geometry, forcing(target, variant)), {
        inputs: [x, gy],
        outputs: [w.length],
        halves: { inputs: inputs! },
        label,
      });
    }
  });

  Deno.test(`matmul(), ${profile}: all variants over float16 give float32's results rounded once`, async () => {
    using device = await Device.open();
    const target = { ...device.target, profile };
    const sizes = [{ m: 20, n: 16, k: 32, transposeB: true }, { m: 5, n: 7, k: 11 }, {
      m: 72,
      n: 88,
      k: 200,
      batches: 3,
    }];
    for (const [i, options] of sizes.entries()) {
      const { m, n, k, batches = 1 } = options;
      const inputs = [normalData(batches * m * k, { seed: 1 }), normalData(batches * k * n, { seed: 2 })];
      for (const [v, variant] of matmulVariants(options, target).entries()) {
        const { halves, name } = WAYS[(i + v) % WAYS.length]!;
        const [a, b] = inputs.map((data, i) => rounded(data, halves.inputs!.includes(i)) as Float32Array);
        const want = matmulReference(options, { a: a!, b: b! });
        const lowering = matmul(options, { ...target, tuner: { choose: () => variant } });
        const label = `${variant}, ${name}, ${JSON.stringify(options)}`;
        const [y] = await checkHalves(device, lowering, { inputs, outputs: [want.length], halves, label });
        assertWithinOneRounding(y!, want, label);
      }
    }
  });

  Deno.test(`batch norm's kernels, ${profile}, over float16 give float32's bits`, async () => {
    using device = await Device.open();
    const target = { ...device.target, profile };
    for (const shape of [{ rows: 64, channels: 16 }, { rows: 1031, channels: 13 }, { rows: 7, channels: 1028 }]) {
      await checkNorm(device, shape, target);
    }
  });

  Deno.test(`fused chains and reductions, ${profile}, over float16 give float32's results rounded once`, async () => {
    using device = await Device.open();
    const target = { ...device.target, profile };
    for (const [shape, other] of [[[6, 8], [8]], [[131, 12], [12]], [[131, 7], [7]], [[5, 3], [5, 1]], [[9], [1]]]) {
      const chain = chainOf(shape!, other!);
      const inputs = [shape!, other!].map((each, i) => normalData(sizeOf(each), { seed: i + 1 }));
      const lowering = lowerPointwise(chain, { outputs: [0, 1], target, label: "chain" });
      const size = sizeOf(shape!);
      for (const halves of [{ inputs: [0, 1], outputs: [0, 1] }, { inputs: [0], outputs: [1] }, { outputs: [0] }]) {
        await checkHalves(device, lowering, { inputs, outputs: [size, size], halves, label: `chain over [${shape}]` });
      }
      for (const axes of [[0], [shape!.length - 1]]) {
        for (const kind of ["sum", "max"] as const) {
          const reduction = lowerReduce(chain, { axes, kind, scale: 0.25, target, label: "chain" });
          const outputs = [size / sizeOf(axes.map((axis) => shape![axis]!))];
          const halves = { inputs: [0, 1], outputs: [0] };
          await checkHalves(device, reduction, { inputs, outputs, halves, label: `${kind} over [${shape}]` });
        }
      }
    }
  });

  Deno.test(`movements, ${profile}: either side may be float16`, async () => {
    using device = await Device.open();
    const target = { ...device.target, profile };
    const shape = [6, 40, 36];
    const data = [normalData(sizeOf(shape), { seed: 1 }), normalData(sizeOf(shape), { seed: 2 })];
    const odd = [5, 7, 3];
    const cases: { lowering: Lowering; inputs: Data[]; size: number }[] = [];
    for (const axes of [[0, 2, 1], [2, 0, 1], [1, 0, 2]]) {
      cases.push({ lowering: lowerPermute(shape, { axes, target }), inputs: [data[0]!], size: sizeOf(shape) });
      cases.push({
        lowering: lowerPermute(odd, { axes, target }),
        inputs: [data[0]!.slice(0, sizeOf(odd))],
        size: sizeOf(odd),
      });
    }
    cases.push({
      lowering: lowerSlice(shape, { starts: [1, 3, 4], sizes: [4, 20, 32], steps: [1, 1, 1], target }),
      inputs: [data[0]!],
      size: 4 * 20 * 32,
    });
    cases.push({ lowering: lowerConcat([shape, shape], { axis: 1, target }), inputs: data, size: 2 * sizeOf(shape) });
    const padding = [{ low: 0, high: 0, step: 1 }, { low: 1, high: 2, step: 2 }, { low: 0, high: 4, step: 1 }];
    cases.push({ lowering: lowerPad(shape, padding), inputs: [data[0]!], size: 6 * 82 * 40 });
    const all = data.map((_, i) => i);
    for (const { lowering, inputs, size } of cases) {
      for (const halves of [{ inputs: all, outputs: [0] }, { inputs: all }, { outputs: [0] }, { inputs: [1] }]) {
        await checkHalves(device, lowering, { inputs, outputs: [size], halves, label: kernels(lowering) });
      }
    }
  });
}

function kernels({ dispatches }: Lowering): string {
  return dispatches.map(({ kernel }) => kernel).join(", ");
}

/** 2 (a - b), and its square. */
function chainOf(shape: readonly number[], other: readonly number[]): Expression {
  return {
    shape,
    inputs: [shape, other],
    steps: [
      { args: [{ input: 0 }, { input: 1 }], expression: ([a, b], constant) => `((${a} - ${b}) * ${constant(2)})` },
      { args: [{ step: 0 }], expression: ([a]) => `(${a} * ${a})` },
    ],
  };
}

async function checkNorm(device: Device, shape: { rows: number; channels: number }, target: Target): Promise<void> {
  const { rows, channels } = shape;
  const label = `${rows} x ${channels}`;
  const [x, dy] = [normalData(rows * channels, { seed: 1, mean: 0.5 }), normalData(rows * channels, { seed: 2 })];
  const channel = (seed: number) => normalData(channels, { seed, mean: 1, deviation: 0.2 });
  const [scale, shift, moments] = await checkHalves(
    device,
    lowerBatchNormStatistics(shape, { momentum: 0.1, epsilon: 1e-5, target }),
    {
      inputs: [x, channel(3), channel(4), channel(5), channel(6)],
      outputs: [channels, channels, 2 * channels],
      halves: { inputs: [0] },
      label,
    },
  );
  for (const relu of [false, true]) {
    const inputs = [dy, x, moments!, scale!, shift!];
    const few = rows <= 16;
    await checkHalves(
      device,
      few
        ? lowerBatchNormFewGradient(shape, { relu, epsilon: 1e-5 })
        : lowerBatchNormGradient(shape, { relu, training: true, target }),
      few
        ? { inputs, outputs: [channels, channels, rows * channels], halves: { inputs: [0, 1], outputs: [2] }, label }
        : { inputs, outputs: new Array(6).fill(channels), halves: { inputs: [0, 1] }, label },
    );
  }
}

Deno.test("copies, lookups, bytes and random numbers: what they read and write may be float16", async () => {
  using device = await Device.open();
  const data = normalData(301, { seed: 1 });
  const lowering = (dispatch: Dispatch): Lowering => ({ dispatches: [dispatch] });
  for (const halves of [{ inputs: [0] }, { outputs: [0] }, { inputs: [0], outputs: [0] }]) {
    await checkHalves(device, lowering(lowerCopy(301)), { inputs: [data], outputs: [301], halves, label: "copy" });
  }
  for (const columns of [8, 5]) {
    const sizes = { rows: 10, columns, count: 40 };
    const table = normalData(10 * columns, { seed: 1 });
    const gy = normalData(40 * columns, { seed: 2 });
    const indices = Uint32Array.from({ length: 40 }, (_, i) => (7 * i) % 10);
    const halves = { inputs: [0], outputs: [0] };
    await checkHalves(device, lowerGather(sizes), {
      inputs: [table, indices],
      outputs: [40 * columns],
      halves,
      label: "gather",
    });
    await checkHalves(device, lowerGatherGradient(sizes), {
      inputs: [gy, indices],
      outputs: [10 * columns],
      halves,
      label: "gather_gradient",
    });
  }
  for (const words of [8, 5]) {
    const sizes = { samples: 3, positions: 4, words };
    const rows = 12;
    const logits = normalData(rows * words, { seed: 4 });
    const tokens = Uint32Array.from({ length: rows }, (_, i) => i % words);
    const lengths = Uint32Array.of(4, 2, 0);
    const both = { inputs: [0], outputs: [0] };
    for (const profile of PROFILES) {
      await checkHalves(device, lowerCategoricalNll({ ...sizes, target: { ...device.target, profile } }), {
        inputs: [logits, tokens, lengths],
        outputs: [rows, rows],
        halves: { inputs: [0] },
        label: `categorical_nll, ${profile}`,
      });
    }
    const normalizers = normalData(rows, { seed: 5, mean: 3 });
    await checkHalves(device, lowerCategoricalGradient(sizes), {
      inputs: [logits, tokens, lengths, normalizers, normalData(rows, { seed: 6 })],
      outputs: [rows * words],
      halves: both,
      label: "categorical_gradient",
    });
    await checkHalves(device, lowerCategoricalMode({ rows, words }), {
      inputs: [logits],
      outputs: [rows],
      halves: { inputs: [0] },
      label: "categorical_mode",
    });
  }
  for (const count of [64, 63]) {
    const words = new Uint32Array(normalData(16, { seed: 3 }).buffer);
    const halves = { outputs: [0] };
    await checkHalves(device, lowerUnpack({ first: 0, count }), {
      inputs: [words],
      outputs: [count],
      halves,
      label: "unpack",
    });
    const random = lowerRandom({ count, stream: 3, distribution: "normal" });
    const state = Uint32Array.of(1, 2, 3, 0);
    await checkHalves(device, random, { inputs: [state], outputs: [count], halves, label: "random" });
  }
});

Deno.test("max and average pooling and their gradients over float16 give float32's bits", async () => {
  using device = await Device.open();
  for (const channels of [4, 3]) {
    const sizes = { n: 2, h: 8, w: 6, channels, outH: 4, outW: 3 };
    const g = { ...sizes, kernel: [3, 3], stride: [2, 2], padding: [1, 1] } as const;
    const [inner, outer] = [2 * 8 * 6 * channels, 2 * 4 * 3 * channels];
    const x = normalData(inner, { seed: 1 });
    const dy = normalData(outer, { seed: 2 });
    const winners = Uint32Array.from({ length: outer }, (_, i) => 4 + i % 5);
    const both = { inputs: [0], outputs: [0] };
    const check = (label: string, lowering: Lowering, options: { inputs: Data[]; outputs: number[]; halves: Halves }) =>
      checkHalves(device, lowering, { ...options, label });
    await check("max_pool", lowerMaxPool(g), { inputs: [x], outputs: [outer, outer], halves: both });
    await check("max_pool_gradient", lowerMaxPoolGradient(g), {
      inputs: [winners, dy],
      outputs: [inner],
      halves: { inputs: [1], outputs: [0] },
    });
    await check("average_pool", lowerAveragePool(g), { inputs: [x], outputs: [outer], halves: both });
    await check("average_pool_gradient", lowerAveragePoolGradient(g), { inputs: [dy], outputs: [inner], halves: both });
  }
});
