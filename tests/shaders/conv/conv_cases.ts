/**
 * Shapes that every convolution kernel is tested with.
 *
 * @module
 */
import type { Profile, Target } from "../../../runtime/kernels/kernel.ts";
import type { ConvGeometry, Pair } from "../../../runtime/kernels/conv/conv_geometry.ts";
import { normalData } from "../../reference/compare.ts";

/** Both profiles: the gpu kernels must also be correct on the software adapter. */
export const PROFILES: readonly Profile[] = ["software", "gpu"];

/** A target whose tuner has chosen `variant` of every convolution; matrix products inside them take their default. */
export function forcing(target: Target, variant: string): Target {
  return { ...target, tuner: { choose: ({ family }) => (family === "matmul" ? undefined : variant) } };
}

/** A convolution by its parameters; the output's size follows. */
export interface ConvCase {
  readonly n?: number;
  readonly image: Pair;
  readonly kernel: Pair;
  readonly channels: readonly [inputs: number, outputs: number];
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly dilation?: Pair;
  /** Rows and columns that a transposed convolution adds at the end. */
  readonly outputPadding?: Pair;
}

export const CONV_CASES: readonly ConvCase[] = [
  // The paper's layers, scaled down.
  { n: 3, image: [16, 16], kernel: [3, 3], channels: [1, 8], stride: [2, 2], padding: [1, 1] },
  { n: 3, image: [8, 8], kernel: [1, 1], channels: [16, 16] },
  { n: 3, image: [8, 8], kernel: [4, 4], channels: [8, 16], stride: [2, 2], padding: [1, 1] },
  { n: 5, image: [4, 4], kernel: [4, 4], channels: [32, 40], stride: [2, 2] },
  { n: 5, image: [1, 1], kernel: [4, 4], channels: [40, 32] },
  { n: 2, image: [7, 7], kernel: [3, 3], channels: [8, 1], stride: [2, 2], padding: [1, 1], outputPadding: [1, 1] },
  { n: 2, image: [14, 14], kernel: [4, 4], channels: [20, 24], stride: [4, 4], padding: [1, 1] },
  { n: 2, image: [13, 19], kernel: [4, 4], channels: [16, 8], stride: [2, 2], padding: [1, 1] },
  { n: 2, image: [9, 7], kernel: [2, 6], channels: [8, 12], stride: [1, 3], padding: [1, 2] },
  // Sizes of one.
  { n: 1, image: [1, 1], kernel: [1, 1], channels: [1, 1] },
  { n: 1, image: [1, 5], kernel: [1, 3], channels: [1, 4] },
  // Odd sizes: channels that are no multiples of 4, uneven strides, paddings, dilations; kernels that leave phases
  // without taps.
  { n: 2, image: [9, 7], kernel: [3, 2], channels: [3, 5], stride: [2, 1], padding: [1, 0] },
  { n: 2, image: [9, 7], kernel: [3, 2], channels: [8, 6], dilation: [2, 3], padding: [2, 2] },
  { n: 2, image: [6, 9], kernel: [3, 3], channels: [6, 8], stride: [2, 3], dilation: [2, 2], padding: [1, 2] },
  { n: 2, image: [6, 6], kernel: [2, 1], channels: [4, 4], stride: [3, 2] },
  { n: 1, image: [5, 6], kernel: [5, 3], channels: [12, 84], padding: [4, 2] },
  // Few products for each of many channels, which GPU kernels add up without tiles.
  { n: 2, image: [9, 7], kernel: [2, 3], channels: [3, 76], stride: [2, 1], padding: [1, 1] },
  // Enough to do for operands to be read as texels, in several rows of them.
  { n: 5, image: [9, 7], kernel: [1, 1], channels: [40, 36] },
  { n: 3, image: [11, 13], kernel: [4, 4], channels: [12, 20], stride: [2, 2], padding: [1, 1] },
  { n: 5, image: [21, 19], kernel: [3, 3], channels: [20, 1], stride: [1, 2], padding: [1, 1] },
  { n: 2, image: [15, 9], kernel: [3, 2], channels: [24, 28], dilation: [2, 3], padding: [2, 2] },
  { n: 4, image: [12, 9], kernel: [3, 3], channels: [16, 24], stride: [2, 3], dilation: [2, 2], padding: [1, 2] },
  // Two and three output channels, and long sums over odd channels, which GPU kernels share out.
  { n: 2, image: [9, 7], kernel: [3, 2], channels: [8, 3], stride: [2, 1], padding: [1, 0] },
  { n: 1, image: [5, 3], kernel: [2, 2], channels: [68, 2], padding: [1, 1] },
  { n: 1, image: [3, 4], kernel: [3, 3], channels: [67, 5], stride: [2, 1], padding: [1, 1] },
  // More than 2^18 multiply-adds, from which on sums are no longer compensated: channels of both kinds, odd sizes.
  { n: 5, image: [12, 12], kernel: [4, 4], channels: [8, 16], stride: [2, 2], padding: [1, 1] },
  { n: 25, image: [9, 7], kernel: [3, 2], channels: [8, 6], dilation: [2, 3], padding: [2, 2] },
  { n: 110, image: [6, 9], kernel: [3, 3], channels: [6, 8], stride: [2, 3], dilation: [2, 2], padding: [1, 2] },
  { n: 130, image: [9, 7], kernel: [3, 2], channels: [3, 5], stride: [2, 1], padding: [1, 0] },
];

/** The geometry of a case as a convolution, or as a transposed one; `undefined` where it has no output. */
export function geometryOf(test: ConvCase, transposed: boolean): ConvGeometry | undefined {
  const { n = 1, image: [h, w], kernel: [kh, kw], channels: [cin, cout] } = test;
  const { stride = [1, 1], padding = [0, 0], dilation = [1, 1], outputPadding = [0, 0] } = test;
  const size = (axis: 0 | 1) => {
    const reach = dilation[axis] * (test.kernel[axis] - 1) + 1;
    const [s, p] = [stride[axis], padding[axis]];
    return transposed
      ? (test.image[axis] - 1) * s - 2 * p + reach + outputPadding[axis]
      : Math.floor((test.image[axis] + 2 * p - reach) / s) + 1;
  };
  const [outH, outW] = [size(0), size(1)];
  if (outH < 1 || outW < 1) return undefined;
  return { n, h, w, cin, kh, kw, cout, outH, outW, stride, padding, dilation };
}

/** Random x, weights, bias and output gradient. */
export function convData(g: ConvGeometry) {
  return {
    x: normalData(g.n * g.h * g.w * g.cin, { seed: 1, mean: 0.2 }),
    w: normalData(g.kh * g.kw * g.cin * g.cout, { seed: 2 }),
    bias: normalData(g.cout, { seed: 3 }),
    gy: normalData(g.n * g.outH * g.outW * g.cout, { seed: 4, mean: -0.1 }),
  };
}

/** Weights with their last two axes swapped: what [kh, kw, cin, cout] is in the layout [kh, kw, cout, cin]. */
export function swapped(weights: Float32Array | Float64Array, { cin, cout }: ConvGeometry): Float32Array<ArrayBuffer> {
  return Float32Array.from(weights, (_, i) => {
    const [tap, co, ci] = [Math.floor(i / (cin * cout)), Math.floor(i / cin) % cout, i % cin];
    return weights[(tap * cin + ci) * cout + co]!;
  });
}

/** A line that names a case in a failure. */
export function describe(g: ConvGeometry): string {
  return JSON.stringify(g);
}
