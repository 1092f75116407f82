/**
 * Max and average pooling of NHWC images.
 *
 * @module
 */
import {
  lowerAveragePool,
  lowerAveragePoolGradient,
  lowerMaxPool,
  lowerMaxPoolGradient,
  type PoolGeometry,
} from "../kernels/pool/pool.ts";
import type { Pair } from "../kernels/conv/conv_geometry.ts";
import { apply, defineOp, requireFloat } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { formatShape, type Shape, type TensorSpec } from "../graph/shape.ts";
import type { Spatial } from "./conv.ts";

/** Options of a pooling. */
export interface PoolOptions {
  /** Size of a window. */
  readonly kernel: Spatial;
  /** Step between windows; the size of a window by default. */
  readonly stride?: Spatial;
  /** Padding, at most half a window; 0 by default. */
  readonly padding?: Spatial;
}

interface Windows {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

interface GradientAttributes extends Windows {
  /** Height and width of the pooled image. */
  readonly size: Pair;
}

const maxPoolOp: Op<Windows> = defineOp({
  name: "max_pool2d",
  infer([x], windows) {
    const shape = pooled("maxPool2d", { x: x!, windows });
    return [{ shape, dtype: "f32" }, { shape, dtype: "u32" }];
  },
  lower: ({ inputs: [x], outputs: [y], attributes }) => lowerMaxPool(geometry(x!.shape, y!.shape, attributes)),
  vjp: ({ inputs: [x], outputs: [, winners], cotangents: [g], attributes }) => [
    g && apply(maxPoolGradientOp, [winners!, g], { ...attributes, size: spatial(x!.shape) })[0]!,
  ],
});

const maxPoolGradientOp: Op<GradientAttributes> = defineOp({
  name: "max_pool2d_gradient",
  infer: ([, g], { size }) => [{ shape: resized(g!.shape, size), dtype: "f32" }],
  lower: ({ inputs: [, g], outputs: [dx], attributes }) =>
    lowerMaxPoolGradient(geometry(dx!.shape, g!.shape, attributes)),
});

const averagePoolOp: Op<Windows> = defineOp({
  name: "average_pool2d",
  infer: ([x], windows) => [{ shape: pooled("averagePool2d", { x: x!, windows }), dtype: "f32" }],
  lower: ({ inputs: [x], outputs: [y], attributes }) => lowerAveragePool(geometry(x!.shape, y!.shape, attributes)),
  vjp: ({ inputs: [x], cotangents: [g], attributes }) => [
    g && apply(averagePoolGradientOp, [g], { ...attributes, size: spatial(x!.shape) })[0]!,
  ],
});

const averagePoolGradientOp: Op<GradientAttributes> = defineOp({
  name: "average_pool2d_gradient",
  infer: ([g], { size }) => [{ shape: resized(g!.shape, size), dtype: "f32" }],
  lower: ({ inputs: [g], outputs: [dx], attributes }) =>
    lowerAveragePoolGradient(geometry(dx!.shape, g!.shape, attributes)),
  vjp: ({ cotangents: [c], attributes: { kernel, stride, padding } }) => [
    c && apply(averagePoolOp, [c], { kernel, stride, padding })[0]!,
  ],
});

/**
 * The maximum of each window (torch.nn.MaxPool2d): x [N, H, W, C] -> [N, OH, OW, C] with
 * OH = floor((H + 2 padding - kernel) / stride) + 1.
 *
 * Padding never wins. NaN is passed on. The gradient goes to the first of equal maxima in a window, row by row, as in
 * PyTorch; only first derivatives are supported.
 *
 * @throws {TypeError | RangeError} naming the shapes and sizes that do not fit.
 */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  return apply(maxPoolOp, [x], windowsOf("maxPool2d", options))[0]!;
}

/**
 * The mean of each window (torch.nn.AvgPool2d): x [N, H, W, C] -> [N, OH, OW, C] with
 * OH = floor((H + 2 padding - kernel) / stride) + 1. Padding counts as zeros.
 *
 * @throws {TypeError | RangeError} naming the shapes and sizes that do not fit.
 */
export function averagePool2d(x: Tensor, options: PoolOptions): Tensor {
  return apply(averagePoolOp, [x], windowsOf("averagePool2d", options))[0]!;
}

function windowsOf(op: string, { kernel, stride = kernel, padding = 0 }: PoolOptions): Windows {
  const windows = {
    kernel: pairOf(op, { name: "kernel", value: kernel, least: 1 }),
    stride: pairOf(op, { name: "stride", value: stride, least: 1 }),
    padding: pairOf(op, { name: "padding", value: padding, least: 0 }),
  };
  // Else some windows would lie in the padding alone and have no maximum.
  if (windows.padding.some((size, axis) => 2 * size > windows.kernel[axis]!)) {
    throw new RangeError(
      `${op}() needs a padding of at most half the kernel, got ${JSON.stringify(padding)} for ${
        JSON.stringify(kernel)
      }`,
    );
  }
  return windows;
}

function pairOf(op: string, option: { name: string; value: Spatial; least: number }): Pair {
  const { name, value, least } = option;
  const pair: Pair = typeof value === "number" ? [value, value] : value;
  if (pair.length !== 2 || pair.some((size) => !Number.isInteger(size) || size < least)) {
    throw new RangeError(`${op}() needs a ${name} of whole numbers from ${least} on, got ${JSON.stringify(value)}`);
  }
  return pair;
}

function pooled(op: string, { x, windows }: { x: TensorSpec; windows: Windows }): Shape {
  requireFloat(op, [x]);
  if (x.shape.length !== 4) {
    throw new RangeError(`${op}() needs images [N, H, W, C], got shape ${formatShape(x.shape)}`);
  }
  const { kernel, stride, padding } = windows;
  const [outH, outW] = spatial(x.shape).map((size, axis) =>
    Math.floor((size + 2 * padding[axis]! - kernel[axis]!) / stride[axis]!) + 1
  );
  if (outH! < 1 || outW! < 1) {
    throw new RangeError(
      `${op}() of images ${formatShape(x.shape)} has no window of ${kernel[0]} x ${kernel[1]} pixels: choose a ` +
        `smaller kernel or more padding`,
    );
  }
  return resized(x.shape, [outH!, outW!]);
}

function spatial(shape: Shape): Pair {
  return [shape[1]!, shape[2]!];
}

function resized(shape: Shape, [height, width]: Pair): Shape {
  return [shape[0]!, height, width, shape[3]!];
}

function geometry(x: Shape, y: Shape, { kernel, stride, padding }: Windows): PoolGeometry {
  const [[h, w], [outH, outW]] = [spatial(x), spatial(y)];
  return { n: x[0]!, h, w, channels: x[3]!, outH, outW, kernel, stride, padding };
}
