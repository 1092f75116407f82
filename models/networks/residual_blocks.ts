/**
 * The pre-activated residual blocks of the papers' networks, for images (two dimensions) and texts (one).
 *
 * A block is BN, ReLU, convolution of size 1, [dropout2d], BN, ReLU, convolution of size 4, [dropout2d], plus a
 * shortcut of a convolution of size 4 with bias and a BN; the decoder's blocks use transposed convolutions.
 *
 * @module
 */
import { add, type Tensor } from "../../runtime/mod.ts";
import { batchNorm, conv, convTranspose, dropout2d, linear } from "../layers/layers.ts";
import type { Posterior } from "./network.ts";
import type { Scope } from "../layers/scope.ts";

/** The shape of a block. */
export interface BlockShape {
  /** Output channels, in units of the network's filters F. */
  readonly width: number;
  readonly stride: number;
  readonly padding: number;
}

/** A block that halves or doubles its input, unless told otherwise. */
export function block(width: number, stride = 2, padding = 1): BlockShape {
  return { width, stride, padding };
}

/** Options of a block. */
export interface BlockOptions {
  /** Output channels. */
  readonly channels: number;
  readonly stride: number;
  readonly padding: number;
  /** Rate of dropout2d. */
  readonly dropout: number;
  /** 2 for images, 1 for texts. */
  readonly dimensions: 1 | 2;
}

/** A block of an encoder. */
export function encoderBlock(scope: Scope, x: Tensor, options: BlockOptions): Tensor {
  return residualBlock(scope, x, { ...options, convolve: conv, shortcut: "downsample" });
}

/** A block of a decoder. */
export function decoderBlock(scope: Scope, x: Tensor, options: BlockOptions): Tensor {
  return residualBlock(scope, x, { ...options, convolve: convTranspose, shortcut: "upsample" });
}

function residualBlock(
  scope: Scope,
  x: Tensor,
  options: BlockOptions & { convolve: typeof conv; shortcut: "downsample" | "upsample" },
): Tensor {
  const { channels, stride, padding, dropout: rate, dimensions, convolve, shortcut } = options;
  const inner = convolve(scope.child("conv1"), batchNorm(scope.child("bn1"), x, { relu: true }), {
    channels: x.shape.at(-1)!,
    kernel: 1,
    dimensions,
  });
  const first = dropout2d(scope, inner, { rate, name: "dropout1" });
  const wide = { channels, kernel: 4, stride, padding, dimensions };
  const outer = convolve(scope.child("conv2"), batchNorm(scope.child("bn2"), first, { relu: true }), wide);
  const second = dropout2d(scope, outer, { rate, name: "dropout2" });
  const short = convolve(scope.child(`${shortcut}.0`), x, { ...wide, bias: true });
  return add(batchNorm(scope.child(`${shortcut}.1`), short), second);
}

/** The two bias-free linear layers from features [N, features] to a posterior. */
export function compress(scope: Scope, features: Tensor, options: { latentDim: number }): Posterior {
  const at = scope.child("feature_compressor");
  const layer = { outputs: options.latentDim, bias: false };
  return {
    mu: linear(at.child("content_mu"), features, layer),
    logvar: linear(at.child("content_logvar"), features, layer),
  };
}
