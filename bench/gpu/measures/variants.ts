/**
 * Every variant of convolutions and matrix products for GPUs against float64, on the shapes of the kernels' tests and
 * on layers of the papers' network.
 *
 * @module
 */
import { convForward, convTransposed, convVariants } from "../../../runtime/kernels/conv/conv.ts";
import type { ConvGeometry } from "../../../runtime/kernels/conv/conv_geometry.ts";
import { convWeightGradient, convWeightGradientVariants } from "../../../runtime/kernels/conv/conv_weight.ts";
import type { Lowering, Target } from "../../../runtime/kernels/kernel.ts";
import { matmul, matmulVariants } from "../../../runtime/kernels/matmul/matmul.ts";
import type { MatmulOptions } from "../../../runtime/kernels/matmul/matmul_options.ts";
import { Device } from "../../../runtime/mod.ts";
import { normalData, relativeError, TOLERANCE } from "../../../tests/reference/compare.ts";
import { conv2d, convGradients, convTranspose2d } from "../../../tests/reference/conv.ts";
import { matmulReference } from "../../../tests/reference/matmul.ts";
import { CONV_CASES, type ConvCase, convData, forcing, geometryOf } from "../../../tests/shaders/conv/conv_cases.ts";
import { runLowering } from "../../../tests/shaders/run_lowering.ts";
import type { Measure } from "../measurement.ts";

/** Layers of the papers' network, with few images for the sake of the float64 loops. */
const LAYERS: readonly ConvCase[] = [
  { n: 2, image: [32, 32], kernel: [4, 4], channels: [64, 128], stride: [2, 2], padding: [1, 1] },
  { n: 2, image: [16, 16], kernel: [1, 1], channels: [128, 128] },
  { n: 8, image: [4, 4], kernel: [4, 4], channels: [256, 320], stride: [2, 2] },
  { n: 2, image: [56, 56], kernel: [3, 3], channels: [64, 1], stride: [2, 2], padding: [1, 1], outputPadding: [1, 1] },
];

const PRODUCTS: readonly MatmulOptions[] = [
  { m: 1, n: 1, k: 1 },
  { m: 33, n: 12, k: 20 },
  { m: 72, n: 88, k: 200, batches: 3 },
  { m: 32, n: 256, k: 320, transposeB: true },
  { m: 320, n: 256, k: 32, transposeA: true },
  { m: 257, n: 129, k: 511 },
];

/** Something that variants compute, and what it should be. */
interface Case {
  readonly family: string;
  readonly shape: string;
  readonly variants: readonly string[];
  readonly inputs: readonly Float32Array[];
  readonly lower: (variant: string) => Lowering;
  readonly want: () => Float64Array;
}

export const measure: Measure = async ({ dryRun }, report) => {
  using device = await Device.open({ profile: "gpu" });
  const cases = [...convCases(device.target), ...productCases(device.target)];
  const families = new Set(cases.map(({ family }) => family));
  let failed = 0;
  let count = 0;
  for (const family of families) {
    const own = cases.filter((each) => each.family === family);
    const chosen = dryRun ? own.slice(1, 2) : own;
    const wanted = new Map(chosen.map((each) => [each, each.want()]));
    const variants = [...new Set(chosen.flatMap(({ variants }) => variants))];
    for (const variant of dryRun ? variants.slice(0, 2) : variants) {
      const fitting = chosen.filter(({ variants }) => variants.includes(variant));
      let worst = { error: 0, shape: "" };
      for (const each of fitting) {
        const want = wanted.get(each)!;
        const { outputs: [got] } = await runLowering(device, each.lower(variant), {
          inputs: each.inputs,
          outputs: [want.length],
        });
        const error = relativeError(got!, want);
        // Negated, so that NaN is the worst.
        if (!(error <= worst.error)) worst = { error, shape: each.shape };
      }
      const pass = worst.error <= TOLERANCE;
      count++;
      failed += pass ? 0 : 1;
      report({ family, variant, cases: fitting.length, worst: worst.error, shape: worst.shape, pass });
    }
  }
  report({ variants: count, failed, tolerance: TOLERANCE });
};

function convCases(target: Target): Case[] {
  const cases = [...CONV_CASES, ...LAYERS];
  const kinds = [
    { family: "conv_forward", transposed: false, lower: convForward, reference: conv2d },
    { family: "conv_transposed", transposed: true, lower: convTransposed, reference: convTranspose2d },
  ];
  const forward = kinds.flatMap(({ family, transposed, lower, reference }) =>
    cases.flatMap((test): Case[] => {
      const geometry = geometryOf(test, transposed);
      if (!geometry) return [];
      const { x, w } = convData(geometry);
      return [{
        family,
        shape: shapeOf(geometry),
        variants: convVariants(geometry, { transposed, target }),
        inputs: [x, w],
        lower: (variant) => lower(geometry, forcing(target, variant)),
        want: () => reference(geometry, { x, w }),
      }];
    })
  );
  const gradients = cases.flatMap((test): Case[] => {
    const geometry = geometryOf(test, false);
    if (!geometry) return [];
    const { x, w, gy } = convData(geometry);
    return [{
      family: "conv_weight_gradient",
      shape: shapeOf(geometry),
      variants: convWeightGradientVariants(geometry, target),
      inputs: [x, gy],
      lower: (variant) => convWeightGradient(geometry, forcing(target, variant)),
      want: () => convGradients(geometry, { transposed: false, x, w, gy }).gw,
    }];
  });
  return [...forward, ...gradients];
}

function productCases(target: Target): Case[] {
  return PRODUCTS.map((options) => {
    const { m, n, k, batches = 1 } = options;
    const a = normalData(batches * m * k, { seed: 1, mean: 0.1 });
    const b = normalData(batches * k * n, { seed: 2 });
    return {
      family: "matmul",
      shape: JSON.stringify(options),
      variants: matmulVariants(options, target),
      inputs: [a, b],
      lower: (variant) => matmul(options, { ...target, tuner: { choose: () => variant } }),
      want: () => matmulReference(options, { a, b }),
    };
  });
}

function shapeOf({ n, h, w, cin, kh, kw, cout, stride }: ConvGeometry): string {
  return `${n}x${h}x${w}x${cin}, ${kh}x${kw}/${stride.join("x")} -> ${cout}`;
}
