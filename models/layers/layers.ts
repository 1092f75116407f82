/**
 * Layers with PyTorch's parameter names and default initialisation. Images are NHWC, weights HWIO; files keep PyTorch's
 * layouts.
 *
 * @module
 */
import {
  add,
  batchNorm2d,
  conv2d as conv2dOp,
  convTranspose2d as convTranspose2dOp,
  dropout as dropoutOp,
  dropout2d as dropout2dOp,
  gather,
  groupNorm as groupNormOp,
  layerNorm as layerNormOp,
  matmul,
  type Tensor,
} from "../../runtime/mod.ts";
import { fanInUniform, type Initialization } from "./initializers.ts";
import type { Initializer, Scope } from "./scope.ts";

/** Hyperparameters of a convolution. */
export interface ConvOptions {
  /** Output channels. */
  readonly channels: number;
  /** Side of the square kernel. */
  readonly kernel: number;
  /** Step between positions, 1 by default. */
  readonly stride?: number;
  /** Rows and columns of zeros on each side, 0 by default. */
  readonly padding?: number;
  /** Add a bias per channel; false by default. */
  readonly bias?: boolean;
  /**
   * 2 for images [N, H, W, C], the default; 1 for sequences [N, 1, L, C], whose weights have no height in files
   * (torch.nn.Conv1d).
   */
  readonly dimensions?: 1 | 2;
  /** Distribution of the initial weights and biases; PyTorch's default if left out. */
  readonly initializer?: Initialization;
}

/** A convolution's kernel size, stride and padding for both axes of a map. */
function planar({ kernel, stride = 1, padding = 0, dimensions = 2 }: ConvOptions) {
  const both = (value: number, flat: number) => [dimensions === 1 ? flat : value, value] as const;
  return { kernel: both(kernel, 1), walk: { stride: both(stride, 1), padding: both(padding, 0) } };
}

/** Convolution, `weight` OIHW and `bias` in files (torch.nn.Conv2d). */
export function conv(scope: Scope, x: Tensor, options: ConvOptions): Tensor {
  const { channels, bias = false, dimensions = 2, initializer: initialization = fanInUniform } = options;
  const { kernel, walk } = planar(options);
  const inputs = x.shape.at(-1)!;
  const positions = kernel[0] * kernel[1];
  const initializer = initialization({ fanIn: inputs * positions, fanOut: channels * positions });
  const layout = dimensions === 1 ? "conv1d" : "conv";
  const weight = scope.parameter("weight", { shape: [...kernel, inputs, channels], layout, initializer });
  const offset = bias ? biasOf(scope, channels, initializer) : undefined;
  return conv2dOp(x, weight, { ...walk, ...(offset ? { bias: offset } : {}) });
}

/**
 * Transposed convolution, `weight` IOHW and `bias` in files (torch.nn.ConvTranspose2d, whose default initialisation
 * takes the output channels for the fan-in).
 */
export function convTranspose(scope: Scope, x: Tensor, options: ConvOptions & { outputPadding?: number }): Tensor {
  const { outputPadding = 0, channels, bias = false, dimensions = 2, initializer: initialization = fanInUniform } =
    options;
  const { kernel, walk } = planar(options);
  const inputs = x.shape.at(-1)!;
  const positions = kernel[0] * kernel[1];
  const initializer = initialization({ fanIn: channels * positions, fanOut: inputs * positions });
  const layout = dimensions === 1 ? "conv-transpose1d" : "conv-transpose";
  const weight = scope.parameter("weight", { shape: [...kernel, inputs, channels], layout, initializer });
  const offset = bias ? biasOf(scope, channels, initializer) : undefined;
  return convTranspose2dOp(x, weight, {
    ...walk,
    outputPadding: [dimensions === 1 ? 0 : outputPadding, outputPadding],
    ...(offset ? { bias: offset } : {}),
  });
}

/** Convolution of images [N, H, W, C], with a bias by default (torch.nn.Conv2d). */
export function conv2d(scope: Scope, x: Tensor, options: Omit<ConvOptions, "dimensions">): Tensor {
  return conv(scope, x, { bias: true, ...options });
}

/** Transposed convolution of images [N, H, W, C], with a bias by default (torch.nn.ConvTranspose2d). */
export function convTranspose2d(
  scope: Scope,
  x: Tensor,
  options: Omit<ConvOptions, "dimensions"> & { outputPadding?: number },
): Tensor {
  return convTranspose(scope, x, { bias: true, ...options });
}

/**
 * Rows of a table, `weight` [words, channels], by number (torch.nn.Embedding); tokens are u32 of any shape.
 *
 * @param options.initializer Standard normal by default; it is given `words` and `channels` as fans.
 * @returns [...shape of tokens, channels]
 */
export function embedding(
  scope: Scope,
  tokens: Tensor,
  options: { words: number; channels: number; initializer?: Initialization },
): Tensor {
  const { words, channels } = options;
  const initializer = options.initializer?.({ fanIn: words, fanOut: channels }) ?? { kind: "normal" as const };
  return gather(scope.parameter("weight", { shape: [words, channels], layout: "same", initializer }), tokens);
}

/**
 * Linear layer on [N, inputs], `weight` [outputs, inputs] and `bias` (torch.nn.Linear).
 *
 * @param options.bias Add a bias; true by default.
 * @param options.initializer Distribution of the initial weights and biases; PyTorch's default if left out.
 */
export function linear(
  scope: Scope,
  x: Tensor,
  options: { outputs: number; bias?: boolean; initializer?: Initialization },
): Tensor {
  const { outputs, bias = true, initializer: initialization = fanInUniform } = options;
  const inputs = x.shape.at(-1)!;
  const initializer = initialization({ fanIn: inputs, fanOut: outputs });
  const weight = scope.parameter("weight", { shape: [outputs, inputs], layout: "same", initializer });
  const y = matmul(x, weight, { transposeB: true });
  return bias ? add(y, biasOf(scope, outputs, initializer)) : y;
}

function biasOf(scope: Scope, size: number, initializer: Initializer): Tensor {
  return scope.parameter("bias", { shape: [size], layout: "same", initializer });
}

/**
 * Batch normalisation over all axes but the last (torch.nn.BatchNorm2d: momentum 0.1, epsilon 1e-5), optionally
 * followed by a ReLU.
 */
export function batchNorm(scope: Scope, x: Tensor, options: { relu?: boolean } = {}): Tensor {
  const shape = [x.shape.at(-1)!];
  const zeros = { shape, layout: "same", initializer: { kind: "zeros" } } as const;
  const ones = { shape, layout: "same", initializer: { kind: "ones" } } as const;
  return batchNorm2d(x, {
    gamma: scope.parameter("weight", ones),
    beta: scope.parameter("bias", zeros),
    runningMean: scope.buffer("running_mean", zeros),
    runningVariance: scope.buffer("running_var", ones),
    training: scope.training,
    relu: options.relu ?? false,
  });
}

/**
 * Layer normalisation over the last axis, with a scale `weight` and a shift `bias` of each element
 * (torch.nn.LayerNorm).
 *
 * J. L. Ba, J. R. Kiros, G. E. Hinton: Layer normalization (2016).
 *
 * @param options.epsilon Added to the variance; 1e-5 by default.
 */
export function layerNorm(scope: Scope, x: Tensor, options: { epsilon?: number } = {}): Tensor {
  return layerNormOp(x, { ...scaleAndShift(scope, x), ...options });
}

/**
 * Group normalisation of [N, ..., C] over groups of neighbouring channels, with a scale `weight` and a shift `bias` of
 * each channel (torch.nn.GroupNorm).
 *
 * Y. Wu, K. He: Group normalization (ECCV 2018).
 *
 * @param options.groups Number of groups, a divisor of the number of channels.
 * @param options.epsilon Added to the variance; 1e-5 by default.
 * @throws {RangeError} if the channels cannot be split.
 */
export function groupNorm(scope: Scope, x: Tensor, options: { groups: number; epsilon?: number }): Tensor {
  return groupNormOp(x, { ...scaleAndShift(scope, x), ...options });
}

function scaleAndShift(scope: Scope, x: Tensor): { gamma: Tensor; beta: Tensor } {
  const shape = [x.shape.at(-1)!];
  return {
    gamma: scope.parameter("weight", { shape, layout: "same", initializer: { kind: "ones" } }),
    beta: scope.parameter("bias", { shape, layout: "same", initializer: { kind: "zeros" } }),
  };
}

/**
 * Drops elements, in training only.
 *
 * @param options.rate Probability of dropping an element, from 0 to below 1.
 * @param options.name Distinguishes the random numbers of several dropouts in one scope; `dropout` by default.
 */
export function dropout(scope: Scope, x: Tensor, options: { rate: number; name?: string }): Tensor {
  const { rate, name = "dropout" } = options;
  if (!scope.training || rate === 0) return x;
  return dropoutOp(x, { rate, stream: scope.stream(name) });
}

/**
 * Drops whole channels of an image, in training only.
 *
 * @param options.rate Probability of dropping a channel, from 0 to below 1.
 * @param options.name Distinguishes the random numbers of several dropouts in one scope; `dropout` by default.
 */
export function dropout2d(scope: Scope, x: Tensor, options: { rate: number; name?: string }): Tensor {
  const { rate, name = "dropout" } = options;
  if (!scope.training || rate === 0) return x;
  return dropout2dOp(x, { rate, stream: scope.stream(name) });
}
