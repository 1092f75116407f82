/**
 * Two-dimensional convolutions of NHWC images with weights [KH, KW, Cin, Cout].
 *
 * Their gradients are convolutions again: a convolution's input gradient is a transposed convolution with the
 * weights' last two axes swapped, and the other way round; weight gradients are an op of their own. Weights are not
 * transposed in memory: ops and kernels accept and return them in either layout (`swapped`). Higher derivatives are
 * supported.
 *
 * @module
 */
import { convForward, convTransposed } from "../kernels/conv/conv.ts";
import type { ConvGeometry, Pair } from "../kernels/conv/conv_geometry.ts";
import { isShort } from "../kernels/conv/conv_narrow.ts";
import { convWeightGradient } from "../kernels/conv/conv_weight.ts";
import { apply, defineOp, requireFloat } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { formatShape, type Shape, type TensorSpec } from "../graph/shape.ts";
import { columnSum } from "./reduce.ts";

/** A number for both spatial axes, or one for each (vertical, horizontal). */
export type Spatial = number | Pair;

/** Options of a convolution. */
export interface Conv2dOptions {
  /** Bias [Cout]. */
  readonly bias?: Tensor;
  /** 1 by default. */
  readonly stride?: Spatial;
  /** Zero padding; 0 by default. */
  readonly padding?: Spatial;
  /** Dilation; 1 by default. */
  readonly dilation?: Spatial;
}

/** Options of a transposed convolution. */
export interface ConvTranspose2dOptions extends Conv2dOptions {
  /** Rows and columns added at the lower and right edge; 0 by default, less than the stride or the dilation. */
  readonly outputPadding?: Spatial;
}

interface Walk {
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
}

interface ConvAttributes extends Walk {
  readonly transposed: boolean;
  /** True if the weights are [KH, KW, Cout, Cin]. */
  readonly swapped: boolean;
  /** Spatial size of the output. */
  readonly out: Pair;
}

interface WeightGradientAttributes extends Walk {
  /** Spatial size of the kernel. */
  readonly kernel: Pair;
  /** True to return [KH, KW, channels of g, channels of x]. */
  readonly swapped: boolean;
}

/**
 * Convolution: x [N, H, W, Cin], weights [KH, KW, Cin, Cout] -> [N, OH, OW, Cout] with
 * OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1.
 *
 * @throws {TypeError | RangeError} naming the shapes that do not fit.
 */
export function conv2d(x: Tensor, weights: Tensor, options: Conv2dOptions = {}): Tensor {
  const walk = walkOf("conv2d", options);
  requireImages("conv2d", [x, weights]);
  const size = (axis: 0 | 1) => {
    const reach = walk.dilation[axis] * (weights.shape[axis]! - 1) + 1;
    return Math.floor((x.shape[axis + 1]! + 2 * walk.padding[axis] - reach) / walk.stride[axis]) + 1;
  };
  return convolve(x, weights, {
    ...walk,
    bias: options.bias,
    transposed: false,
    swapped: false,
    out: [size(0), size(1)],
  });
}

/**
 * Transposed convolution: x [N, H, W, Cin], weights [KH, KW, Cin, Cout] -> [N, OH, OW, Cout] with
 * OH = (H - 1) stride - 2 padding + dilation (KH - 1) + 1 + outputPadding.
 *
 * @throws {TypeError | RangeError} naming the shapes that do not fit.
 */
export function convTranspose2d(x: Tensor, weights: Tensor, options: ConvTranspose2dOptions = {}): Tensor {
  const walk = walkOf("convTranspose2d", options);
  requireImages("convTranspose2d", [x, weights]);
  const extra = pairOf("convTranspose2d", { name: "outputPadding", value: options.outputPadding ?? 0, least: 0 });
  const size = (axis: 0 | 1) => {
    const [stride, dilation] = [walk.stride[axis], walk.dilation[axis]];
    if (extra[axis] >= Math.max(stride, dilation)) {
      throw new RangeError(
        `convTranspose2d() needs an outputPadding below the stride (${stride}) or the dilation (${dilation}), got ${
          extra[axis]
        }`,
      );
    }
    const reach = dilation * (weights.shape[axis]! - 1) + 1;
    return (x.shape[axis + 1]! - 1) * stride - 2 * walk.padding[axis] + reach + extra[axis];
  };
  return convolve(x, weights, {
    ...walk,
    bias: options.bias,
    transposed: true,
    swapped: false,
    out: [size(0), size(1)],
  });
}

const convOp: Op<ConvAttributes> = defineOp({
  name: "conv2d",
  takesEpilogue: true,
  takesNormalized: [0],
  infer(inputs, { transposed, swapped, out }) {
    const name = transposed ? "convTranspose2d" : "conv2d";
    requireFloat(name, inputs);
    const [x, weights, bias] = inputs.map(({ shape }) => shape);
    const [input, output] = swapped ? [3, 2] : [2, 3];
    const cout = weights![output]!;
    if (x![3] !== weights![input]) {
      throw new RangeError(
        `${name}() got images ${formatShape(x!)} of ${x![3]} channels, but weights ${formatShape(weights!)} for ${
          weights![input]
        } (axis ${input})`,
      );
    }
    if (bias && (bias.length !== 1 || bias[0] !== cout)) {
      throw new RangeError(`${name}() needs a bias of shape [${cout}], got ${formatShape(bias)}`);
    }
    if (out[0] < 1 || out[1] < 1) {
      throw new RangeError(
        `${name}() of images ${formatShape(x!)} and weights ${formatShape(weights!)} would give ${out[0]} x ${
          out[1]
        } pixels: choose another kernel size or padding`,
      );
    }
    return [{ shape: [x![0]!, out[0], out[1], cout], dtype: "f32" }];
  },
  isCheap([x, weights], attributes) {
    const [kh, kw, a, b] = weights!.shape as [number, number, number, number];
    return isShort({ kh, kw, cin: x!.shape[3]!, cout: attributes.swapped ? a : b }, attributes);
  },
  lower({ inputs: [x, weights, bias], outputs: [y], attributes, target, epilogue, sums, normalized }) {
    const sizes = geometry(attributes, { x: x!, kernel: weights!.shape, y: y! });
    const options = {
      ...sizes,
      bias: bias !== undefined,
      ...(epilogue ? { epilogue } : {}),
      ...(sums ? { sums } : {}),
      ...(normalized ? { normalized } : {}),
    };
    return attributes.transposed ? convTransposed(options, target) : convForward(options, target);
  },
  vjp({ inputs: [x, weights, bias], cotangents: [g], attributes, wanted }) {
    if (!g) return [];
    const { transposed, swapped } = attributes;
    const walk = walkOnly(attributes);
    const back = { ...walk, transposed: !transposed, swapped: !swapped, out: spatial(x!.shape, 1) };
    const kernel = spatial(weights!.shape, 0);
    return [
      wanted[0] ? convolve(g, weights!, { ...back, bias: undefined }) : undefined,
      !wanted[1]
        ? undefined
        : transposed
        ? weightGradient(g, x!, { ...walk, kernel, swapped: !swapped })
        : weightGradient(x!, g, { ...walk, kernel, swapped }),
      bias && wanted[2] ? columnSum(g) : undefined,
    ];
  },
});

const weightGradientOp: Op<WeightGradientAttributes> = defineOp({
  name: "conv2d_weight_gradient",
  wide: true,
  takesNormalized: [0, 1],
  infer([x, g], { kernel, swapped }) {
    const channels = [x!.shape[3]!, g!.shape[3]!];
    return [{ shape: [...kernel, ...(swapped ? channels.reverse() : channels)], dtype: "f32" }];
  },
  lower({ inputs: [x, g], outputs: [weights], attributes, target, normalized }) {
    const sizes = geometry(attributes, { x: x!, kernel: weights!.shape, y: g! });
    return convWeightGradient({ ...sizes, ...(normalized ? { normalized } : {}) }, target);
  },
  // The op is linear in both inputs, and <c, weightGradient(x, g)> = <g, conv2d(x, c)>.
  vjp({ inputs: [x, g], cotangents: [c], attributes, wanted }) {
    if (!c) return [];
    const { swapped } = attributes;
    const walk = { ...walkOnly(attributes), bias: undefined };
    const [back, forth] = [{ transposed: true, swapped: !swapped }, { transposed: false, swapped }];
    return [
      wanted[0] ? convolve(g!, c, { ...walk, ...back, out: spatial(x!.shape, 1) }) : undefined,
      wanted[1] ? convolve(x!, c, { ...walk, ...forth, out: spatial(g!.shape, 1) }) : undefined,
    ];
  },
});

function convolve(x: Tensor, weights: Tensor, options: ConvAttributes & { bias: Tensor | undefined }): Tensor {
  const { bias, transposed, swapped, out } = options;
  const attributes = { ...walkOnly(options), transposed, swapped, out };
  return apply(convOp, bias ? [x, weights, bias] : [x, weights], attributes)[0]!;
}

function weightGradient(x: Tensor, g: Tensor, attributes: WeightGradientAttributes): Tensor {
  return apply(weightGradientOp, [x, g], attributes)[0]!;
}

function walkOnly({ stride, padding, dilation }: Walk): Walk {
  return { stride, padding, dilation };
}

function spatial(shape: Shape, axis: number): Pair {
  return [shape[axis]!, shape[axis + 1]!];
}

function geometry(
  walk: Walk & { swapped: boolean },
  specs: { x: TensorSpec; kernel: Shape; y: TensorSpec },
): ConvGeometry {
  const [n, h, w, cin] = specs.x.shape as [number, number, number, number];
  const [, outH, outW, cout] = specs.y.shape as [number, number, number, number];
  const layout = walk.swapped ? { swapped: true } : {};
  return { ...walkOnly(walk), n, h, w, cin, kh: specs.kernel[0]!, kw: specs.kernel[1]!, cout, outH, outW, ...layout };
}

function requireImages(op: string, inputs: readonly [TensorSpec, TensorSpec]): void {
  const [x, weights] = inputs.map(({ shape }) => shape);
  if (x!.length !== 4) throw new RangeError(`${op}() needs images [N, H, W, C], got shape ${formatShape(x!)}`);
  if (weights!.length !== 4) {
    throw new RangeError(`${op}() needs weights [KH, KW, Cin, Cout], got shape ${formatShape(weights!)}`);
  }
}

function walkOf(op: string, options: Conv2dOptions): Walk {
  return {
    stride: pairOf(op, { name: "stride", value: options.stride ?? 1, least: 1 }),
    padding: pairOf(op, { name: "padding", value: options.padding ?? 0, least: 0 }),
    dilation: pairOf(op, { name: "dilation", value: options.dilation ?? 1, least: 1 }),
  };
}

function pairOf(op: string, option: { name: string; value: Spatial; least: number }): Pair {
  const { name, value, least } = option;
  const pair: Pair = typeof value === "number" ? [value, value] : value;
  for (const size of pair) {
    if (!Number.isInteger(size) || size < least) {
      throw new RangeError(`${op}() needs a ${name} of whole numbers from ${least} on, got ${JSON.stringify(value)}`);
    }
  }
  return pair;
}
