/**
 * DenseNet-121 as an encoder: the network of CheXNet and of most classifiers of chest X-rays.
 *
 *     conv 7x7 s2 -> 64, BN, ReLU, max pool 3x3 s2, dense blocks of 6, 12, 24 and 16 layers with transitions between
 *     them (BN, ReLU, conv 1x1 to half the channels, average pool 2x2), BN, ReLU, global average pool -> 1024
 *
 * A dense layer is BN, ReLU, conv 1x1 -> 4 k, BN, ReLU, conv 3x3 -> k, appended to its input, with growth k = 32. The
 * tensors' names, shapes and initial distributions are those of torchvision's densenet121, but for the first
 * convolution, which has as many input channels as the images: one. Widths do not depend on `filterDim`.
 *
 * G. Huang, Z. Liu, L. van der Maaten, K. Q. Weinberger: Densely connected convolutional networks (CVPR 2017).
 *
 * @module
 */
import { averagePool2d, concat, maxPool2d, mean, type Tensor } from "../../runtime/mod.ts";
import { kaimingNormal } from "../layers/initializers.ts";
import { batchNorm, conv, dropout } from "../layers/layers.ts";
import type { Scope } from "../layers/scope.ts";
import { type EncoderOptions, withResidualDecoder } from "./with_residual_decoder.ts";
import type { Network } from "./network.ts";

/** Sizes of a DenseNet. */
export interface DenseNetShape {
  /** Layers of each dense block. */
  readonly blocks: readonly number[];
  /** Channels that each layer adds. */
  readonly growth: number;
  /** Channels of the first convolution. */
  readonly stem: number;
}

/** The sizes of DenseNet-121. */
export const DENSENET_121: DenseNetShape = { blocks: [6, 12, 24, 16], growth: 32, stem: 64 };

/** Output channels of a layer's first convolution, in units of the growth. */
const BOTTLENECK = 4;

/** Number of features of a DenseNet. */
export function denseNetFeatures({ blocks, growth, stem }: DenseNetShape): number {
  return blocks.reduce((channels, layers, i) => {
    const grown = channels + layers * growth;
    return i === blocks.length - 1 ? grown : Math.floor(grown / 2);
  }, stem);
}

/**
 * DenseNet-121 with the decoder of the residual network; see {@linkcode withResidualDecoder}.
 *
 * @throws {RangeError} for images under 29 pixels, of which the last transition would leave nothing.
 */
export function denseNet121(options: EncoderOptions): Network {
  if (options.imageSize < 29) {
    throw new RangeError(`densenet121 halves images five times: it takes 29 pixels or more, not ${options.imageSize}`);
  }
  return withResidualDecoder("densenet121", {
    ...options,
    features: denseNetFeatures(DENSENET_121),
    lastBlock: ["features.denseblock4", "features.norm5"],
    extract: (scope, image) => denseNet(scope, image, { ...DENSENET_121, dropout: options.dropout }),
  });
}

/**
 * The features of a DenseNet.
 *
 * @param image [N, S, S, C].
 * @param options.dropout Rate of the dropout after each layer, 0 by default.
 * @returns [N, {@linkcode denseNetFeatures}]
 */
export function denseNet(scope: Scope, image: Tensor, options: DenseNetShape & { dropout?: number }): Tensor {
  const { blocks, growth, stem, dropout: rate = 0 } = options;
  const at = scope.child("features");
  let x = convolve(at.child("conv0"), image, { channels: stem, kernel: 7, stride: 2, padding: 3 });
  x = maxPool2d(batchNorm(at.child("norm0"), x, { relu: true }), { kernel: 3, stride: 2, padding: 1 });
  blocks.forEach((layers, i) => {
    const block = at.child(`denseblock${i + 1}`);
    for (let layer = 1; layer <= layers; layer++) {
      x = concat([x, denseLayer(block.child(`denselayer${layer}`), x, { growth, dropout: rate })], -1);
    }
    if (i < blocks.length - 1) x = transition(at.child(`transition${i + 1}`), x);
  });
  return mean(batchNorm(at.child("norm5"), x, { relu: true }), { axes: [1, 2] });
}

function denseLayer(scope: Scope, x: Tensor, options: { growth: number; dropout: number }): Tensor {
  const { growth, dropout: rate } = options;
  const narrow = convolve(scope.child("conv1"), batchNorm(scope.child("norm1"), x, { relu: true }), {
    channels: BOTTLENECK * growth,
    kernel: 1,
  });
  const added = convolve(scope.child("conv2"), batchNorm(scope.child("norm2"), narrow, { relu: true }), {
    channels: growth,
    kernel: 3,
    padding: 1,
  });
  return dropout(scope, added, { rate });
}

function transition(scope: Scope, x: Tensor): Tensor {
  const normalized = batchNorm(scope.child("norm"), x, { relu: true });
  const channels = Math.floor(x.shape.at(-1)! / 2);
  return averagePool2d(convolve(scope.child("conv"), normalized, { channels, kernel: 1 }), { kernel: 2 });
}

function convolve(
  scope: Scope,
  x: Tensor,
  options: { channels: number; kernel: number; stride?: number; padding?: number },
): Tensor {
  return conv(scope, x, { ...options, initializer: kaimingNormal });
}
