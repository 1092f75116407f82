/**
 * One-dimensional convolutions of sequences [N, L, C] with weights [K, Cin, Cout]: two-dimensional ones of height 1,
 * whose kernels have nothing to gain from knowing.
 *
 * A network whose maps should be stored as float16 keeps them as [N, 1, L, C] and calls `conv2d()` with weights [1, K,
 * Cin, Cout] itself: precision `f16` stores what has four axes.
 *
 * @module
 */
import type { Tensor } from "../graph/tensor.ts";
import { formatShape, type Shape } from "../graph/shape.ts";
import { conv2d, type Conv2dOptions, convTranspose2d } from "./conv.ts";
import { reshape } from "./view.ts";

/** Options of a convolution of sequences. */
export interface Conv1dOptions {
  /** Bias [Cout]. */
  readonly bias?: Tensor;
  /** 1 by default. */
  readonly stride?: number;
  /** Zero padding at both ends; 0 by default. */
  readonly padding?: number;
  /** Dilation; 1 by default. */
  readonly dilation?: number;
}

/** Options of a transposed convolution of sequences. */
export interface ConvTranspose1dOptions extends Conv1dOptions {
  /** Positions added at the end; 0 by default, less than the stride or the dilation. */
  readonly outputPadding?: number;
}

/**
 * Convolution: x [N, L, Cin], weights [K, Cin, Cout] -> [N, OL, Cout] with
 * OL = floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1.
 *
 * @throws {TypeError | RangeError} naming the shapes or options that do not fit.
 */
export function conv1d(x: Tensor, weights: Tensor, options: Conv1dOptions = {}): Tensor {
  const [rows, kernel] = ofHeightOne("conv1d", { x, weights });
  return flat(conv2d(rows, kernel, planar(options)));
}

/**
 * Transposed convolution: x [N, L, Cin], weights [K, Cin, Cout] -> [N, OL, Cout] with
 * OL = (L - 1) stride - 2 padding + dilation (K - 1) + 1 + outputPadding.
 *
 * @throws {TypeError | RangeError} naming the shapes or options that do not fit.
 */
export function convTranspose1d(x: Tensor, weights: Tensor, options: ConvTranspose1dOptions = {}): Tensor {
  const [rows, kernel] = ofHeightOne("convTranspose1d", { x, weights });
  return flat(convTranspose2d(rows, kernel, { ...planar(options), outputPadding: [0, options.outputPadding ?? 0] }));
}

function ofHeightOne(op: string, { x, weights }: { x: Tensor; weights: Tensor }): [Tensor, Tensor] {
  if (x.rank !== 3) throw new RangeError(`${op}() needs sequences [N, L, C], got shape ${formatShape(x.shape)}`);
  if (weights.rank !== 3) {
    throw new RangeError(`${op}() needs weights [K, Cin, Cout], got shape ${formatShape(weights.shape)}`);
  }
  const [samples, ...sequence] = x.shape as [number, ...number[]];
  return [reshape(x, [samples, 1, ...sequence]), reshape(weights, [1, ...weights.shape])];
}

function planar({ bias, stride = 1, padding = 0, dilation = 1 }: Conv1dOptions): Conv2dOptions {
  return { ...(bias ? { bias } : {}), stride: [1, stride], padding: [0, padding], dilation: [1, dilation] };
}

function flat(y: Tensor): Tensor {
  const [samples, , length, channels] = y.shape as [number, number, number, number];
  const shape: Shape = [samples, length, channels];
  return reshape(y, shape);
}
