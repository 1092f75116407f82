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
}

/** Convolution, `weight` OIHW and `bias` in files (torch.nn.Conv2d). */
export function conv(scope: Scope, x: Tensor, options: ConvOptions): Tensor {
  const { channels, kernel, stride = 1, padding = 0, bias = false } = options;
  const inputs = x.shape.at(-1)!;
  const initializer = { kind: "uniform", fanIn: inputs * kernel * kernel } as const;
  const weight = scope.parameter("weight", { shape: [kernel, kernel, inputs, channels], layout: "conv", initializer });
  const offset = bias ? scope.parameter("bias", { shape: [channels], layout: "same", initializer }) : undefined;
  return conv2d(x, weight, { stride, padding, ...(offset ? { bias: offset } : {}) });
}

/**
 * Transposed convolution, `weight` IOHW and `bias` in files (torch.nn.ConvTranspose2d, whose default initialisation
 * takes the output channels for the fan-in).
 */
export function convTranspose(scope: Scope, x: Tensor, options: ConvOptions & { outputPadding?: number }): Tensor {
  const { channels, kernel, stride = 1, padding = 0, outputPadding = 0, bias = false } = options;
  const inputs = x.shape.at(-1)!;
  const initializer = { kind: "uniform", fanIn: channels * kernel * kernel } as const;
  const weight = scope.parameter("weight", {
    shape: [kernel, kernel, inputs, channels],
    layout: "conv-transpose",
    initializer,
  });
  const offset = bias ? scope.parameter("bias", { shape: [channels], layout: "same", initializer }) : undefined;
  return convTranspose2d(x, weight, { stride, padding, outputPadding, ...(offset ? { bias: offset } : {}) });
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
