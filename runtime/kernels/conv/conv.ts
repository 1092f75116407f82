/**
 * Convolutions on NHWC images with HWIO weights: forward, and transposed (which is also the gradient for the input).
 *
 * @module
 */
import type { KernelVariant, Lowering, Target } from "../kernel.ts";
import type { Epilogue } from "../pointwise/expression.ts";
import type { ColumnSumsRequest } from "../norm/column_sums.ts";
import { gatherBlocks, gatherConv, gatherCost } from "./conv_gather.ts";
import { type ConvOptions, withLayout } from "./conv_geometry.ts";
import { coverConv, gpuConv } from "./conv_gpu.ts";
import { narrowVariants } from "./conv_narrow.ts";
import type { NormalizedInput } from "./normalized_input.ts";
import { winogradConv } from "./conv_winograd.ts";
import { winogradCost, winogradFits } from "./conv_winograd_plan.ts";
import { tileShapes, usesTiles } from "../matmul/half_products.ts";
import { tileName } from "../matmul/tile_cover.ts";
import { blockName, chooseVariant } from "../matmul/matmul_tiles.ts";

/** A convolution, and the chain that is applied to its output before it is stored. */
export interface ConvWork extends ConvOptions {
  /** A chain over y: its other inputs follow the convolution's, its results are the outputs. */
  readonly epilogue?: Epilogue;
  /**
   * Column sums to compute of an output; see `column_sums.ts`. Variants that cannot do it leave them out, and their
   * lowering has no `partials`.
   */
  readonly sums?: ColumnSumsRequest;
  /** Convolve a batch norm of x instead of x; needs a multiple of four input channels and the profile `gpu`. */
  readonly normalized?: NormalizedInput;
}

/**
 * y[n, oy, ox, co] = bias[co] + sum over ky, kx, ci of x[n, oy s - p + ky d, ox s - p + kx d, ci] w[ky, kx, ci, co].
 *
 * Inputs x, w (with `swapped` as [kh, kw, cout, cin]) and, with `bias`, the bias; output y.
 */
export function convForward(options: ConvWork, target: Target): Lowering {
  return convolve(options, { transposed: false, target });
}

/**
 * Transposed convolution: y[n, oy, ox, co] = bias[co] + sum of x[n, iy, ix, ci] w[ky, kx, ci, co] over all iy, ix, ky,
 * kx with oy = iy s - p + ky d and ox = ix s - p + kx d.
 *
 * Inputs x, w (with `swapped` as [kh, kw, cout, cin]) and, with `bias`, the bias; output y. With the weights of a
 * convolution, which are swapped in this role, it maps that convolution's output gradient to its input gradient.
 */
export function convTransposed(options: ConvWork, target: Target): Lowering {
  return convolve(options, { transposed: true, target });
}

/** The names of the variants of `conv_forward`, or of `conv_transposed`, for this work, the default first. */
export function convVariants(options: ConvOptions, how: { transposed: boolean; target: Target }): string[] {
  return variants(withLayout(options), how).sort((a, b) => a.cost - b.cost).map(({ name }) => name);
}

function convolve(work: ConvWork, how: { transposed: boolean; target: Target }): Lowering {
  const { epilogue, sums, normalized, ...given } = work;
  const options = withLayout(given);
  // The choice is that of the convolution alone: a chain that is fused or not then gets the same bits.
  const { n, h, w, cin, kh, kw, cout, outH, outW, bias = false } = options;
  const family = how.transposed ? "conv_transposed" : "conv_forward";
  return chooseVariant(family, {
    key: JSON.stringify(normalized ? { ...options, normalized: true } : options),
    target: how.target,
    variants: variants(options, { ...how, normalized }),
    inputs: [n * h * w * cin, kh * kw * cin * cout, ...(bias ? [cout] : [])],
    outputs: [n * outH * outW * cout],
  }).lower(epilogue, sums);
}

function variants(
  given: ConvOptions,
  how: { transposed: boolean; target: Target; normalized?: NormalizedInput | undefined },
): KernelVariant[] {
  const { transposed, target, normalized } = how;
  const options = transposed ? spreadSingles(given) : given;
  const direct: KernelVariant[] = usesTiles(target)
    ? [
      ...tileShapes(target).map((shape): KernelVariant => ({
        name: tileName(shape),
        cost: coverConv(options, { transposed, shape }).cost,
        lower: (epilogue, sums) => gpuConv(options, { transposed, shape, epilogue, sums, normalized }),
      })),
      ...(normalized ? [] : narrowVariants(options, { transposed })),
    ]
    : gatherBlocks(options, how).map((block) => ({
      name: blockName(block),
      cost: gatherCost(options, { transposed, block }),
      lower: (epilogue) => gatherConv(options, { transposed, block, epilogue }),
    }));
  // Winograd's transforms would multiply float16's rounding errors.
  if (normalized || target.compute === "f16" || !winogradFits(options)) return direct;
  const cost = winogradCost(options, { ...how, gradient: false });
  return [...direct, { name: "winograd", cost, lower: (epilogue) => winogradConv(options, { ...how, epilogue }) }];
}

/** A single row or column has no neighbours at any stride; with the largest one no tap misses it. */
function spreadSingles(options: ConvOptions): ConvOptions {
  const { h, w, kh, kw, stride, dilation } = options;
  return {
    ...options,
    stride: [
      h === 1 ? Math.max(stride[0], (kh - 1) * dilation[0] + 1) : stride[0],
      w === 1 ? Math.max(stride[1], (kw - 1) * dilation[1] + 1) : stride[1],
    ],
  };
}
