/**
 * Layers with PyTorch's parameter names and default initialisation. Images are NHWC, weights HWIO; files keep PyTorch's
 * layouts.
 *
 * @module
 */
import {
  add,
  batchNorm2d,
  conv2d,
  convTranspose2d,
  dropout as dropoutOp,
  dropout2d as dropout2dOp,
  gather,
  matmul,
  type Tensor,
} from "../../runtime/mod.ts";
import type { Scope } from "./scope.ts";

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
}

/** A convolution's kernel size, stride and padding for both axes of a map. */
function planar({ kernel, stride = 1, padding = 0, dimensions = 2 }: ConvOptions) {
  const both = (value: number, flat: number) => [dimensions === 1 ? flat : value, value] as const;
  return { kernel: both(kernel, 1), walk: { stride: both(stride, 1), padding: both(padding, 0) } };
}

/** Convolution, `weight` OIHW and `bias` in files (torch.nn.Conv2d). */
export function conv(scope: Scope, x: Tensor, options: ConvOptions): Tensor {
  const { channels, bias = false, dimensions = 2 } = options;
  const { kernel, walk } = planar(options);
  const inputs = x.shape.at(-1)!;
  const initializer = { kind: "uniform", fanIn: inputs * kernel[0] * kernel[1] } as const;
  const layout = dimensions === 1 ? "conv1d" : "conv";
  const weight = scope.parameter("weight", { shape: [...kernel, inputs, channels], layout, initializer });
  const offset = bias ? scope.parameter("bias", { shape: [channels], layout: "same", initializer }) : undefined;
  return conv2d(x, weight, { ...walk, ...(offset ? { bias: offset } : {}) });
}

/**
 * Transposed convolution, `weight` IOHW and `bias` in files (torch.nn.ConvTranspose2d, whose default initialisation
 * takes the output channels for the fan-in).
 */
export function convTranspose(scope: Scope, x: Tensor, options: ConvOptions & { outputPadding?: number }): Tensor {
  const { channels, outputPadding = 0, bias = false, dimensions = 2 } = options;
  const { kernel, walk } = planar(options);
  const inputs = x.shape.at(-1)!;
  const initializer = { kind: "uniform", fanIn: channels * kernel[0] * kernel[1] } as const;
  const layout = dimensions === 1 ? "conv-transpose1d" : "conv-transpose";
  const weight = scope.parameter("weight", { shape: [...kernel, inputs, channels], layout, initializer });
  const offset = bias ? scope.parameter("bias", { shape: [channels], layout: "same", initializer }) : undefined;
  return convTranspose2d(x, weight, {
    ...walk,
    outputPadding: [dimensions === 1 ? 0 : outputPadding, outputPadding],
    ...(offset ? { bias: offset } : {}),
  });
}

/** Rows of a table, `weight` [words, channels], by number (torch.nn.Embedding); tokens are u32 of any shape. */
export function embedding(scope: Scope, tokens: Tensor, options: { words: number; channels: number }): Tensor {
  const { words, channels } = options;
  const initializer = { kind: "normal" } as const;
  return gather(scope.parameter("weight", { shape: [words, channels], layout: "same", initializer }), tokens);
}

/** Linear layer on [N, inputs], `weight` [outputs, inputs] and `bias` (torch.nn.Linear). */
export function linear(scope: Scope, x: Tensor, options: { outputs: number; bias?: boolean }): Tensor {
  const { outputs, bias = true } = options;
  const inputs = x.shape.at(-1)!;
  const initializer = { kind: "uniform", fanIn: inputs } as const;
  const weight = scope.parameter("weight", { shape: [outputs, inputs], layout: "same", initializer });
  const y = matmul(x, weight, { transposeB: true });
  return bias ? add(y, scope.parameter("bias", { shape: [outputs], layout: "same", initializer })) : y;
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

/** Drops elements, in training only. */
export function dropout(scope: Scope, x: Tensor, options: { rate: number; name: string }): Tensor {
  if (!scope.training || options.rate === 0) return x;
  return dropoutOp(x, { rate: options.rate, stream: scope.stream(options.name) });
}

/** Drops whole channels of an image, in training only. */
export function dropout2d(scope: Scope, x: Tensor, options: { rate: number; name: string }): Tensor {
  if (!scope.training || options.rate === 0) return x;
  return dropout2dOp(x, { rate: options.rate, stream: scope.stream(options.name) });
}
