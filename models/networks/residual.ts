/**
 * The papers' residual encoder and decoder at 64, 128 and 224 pixels.
 *
 * A block is pre-activated: BN, ReLU, 1x1 convolution, [dropout2d], BN, ReLU, 4x4 convolution, [dropout2d], plus a
 * shortcut of a 4x4 convolution with bias and a BN; the decoder's blocks use transposed convolutions. With F filters
 * the encoder is
 *
 *     conv 3x3 s2 -> F, blocks 2F, 3F, 4F (each halves the image),
 *     then at 64 px 5F, at 128 and 224 px 5F, 5F, down to 1 x 1
 *
 * and two bias-free linear layers give mu and logvar; the decoder mirrors it from a linear layer with bias. The output
 * has no activation: it is the mean of the likelihood.
 *
 * @module
 */
import { add, reshape, type Tensor } from "../../runtime/mod.ts";
import { batchNorm, conv, convTranspose, dropout2d, linear } from "../layers/layers.ts";
import type { Network } from "./network.ts";
import type { Scope } from "../layers/scope.ts";

interface BlockShape {
  /** Output channels, in units of F. */
  readonly width: number;
  readonly stride: number;
  readonly padding: number;
}

const ENCODER: Readonly<Record<number, readonly BlockShape[]>> = {
  64: [block(2), block(3), block(4), block(5, 2, 0)],
  128: [block(2), block(3), block(4), block(5), block(5, 2, 0)],
  224: [block(2), block(3), block(4), block(5, 4, 1), block(5, 2, 0)],
};

const DECODER: Readonly<Record<number, readonly BlockShape[]>> = {
  64: [block(4, 1, 0), block(3), block(2), block(1)],
  128: [block(4, 1, 0), block(3), block(2), block(1), block(1)],
  224: [block(4, 1, 0), block(3), block(2), block(1), block(1), block(1)],
};

function block(width: number, stride = 2, padding = 1): BlockShape {
  return { width, stride, padding };
}

/** Image sizes that the network is defined for. */
export const RESIDUAL_SIZES: readonly number[] = [64, 128, 224];

/**
 * The residual network.
 *
 * @throws {RangeError} for another image size.
 */
export function residualNetwork(
  options: { imageSize: number; filterDim: number; latentDim: number; dropout: number },
): Network {
  const { imageSize, filterDim, latentDim, dropout } = options;
  const down = ENCODER[imageSize];
  const up = DECODER[imageSize];
  if (!down || !up) {
    throw new RangeError(`the residual network takes images of ${RESIDUAL_SIZES.join(", ")} pixels, not ${imageSize}`);
  }
  const features = 5 * filterDim;
  return {
    name: "residual",
    features,
    extract(scope, image) {
      const at = scope.child("feature_extractor");
      let x = conv(at.child("conv1"), image, { channels: filterDim, kernel: 3, stride: 2, padding: 1 });
      down.forEach((shape, i) => {
        x = encoderBlock(at.child(`resblock_${i + 1}.0`), x, { ...shape, channels: shape.width * filterDim, dropout });
      });
      return reshape(x, [image.shape[0]!, features]);
    },
    posterior(scope, x) {
      const at = scope.child("feature_compressor");
      return {
        mu: linear(at.child("content_mu"), x, { outputs: latentDim, bias: false }),
        logvar: linear(at.child("content_logvar"), x, { outputs: latentDim, bias: false }),
      };
    },
    decode(scope, z) {
      let x = linear(scope.child("feature_generator"), z, { outputs: features });
      x = reshape(x, [z.shape[0]!, 1, 1, features]);
      const at = scope.child("img_generator.generator");
      up.forEach((shape, i) => {
        x = decoderBlock(at.child(`${i}.0`), x, { ...shape, channels: shape.width * filterDim, dropout });
      });
      return convTranspose(at.child(`${up.length}`), x, {
        channels: 1,
        kernel: 3,
        stride: 2,
        // At 224 px the last feature map is 128 px wide: the border of 255 px is cut by 16 on each side.
        padding: imageSize === 224 ? 17 : 1,
        outputPadding: 1,
        bias: true,
      });
    },
  };
}

interface BlockOptions extends BlockShape {
  readonly channels: number;
  readonly dropout: number;
}

function encoderBlock(scope: Scope, x: Tensor, options: BlockOptions): Tensor {
  const { channels, stride, padding } = options;
  const inner = conv(scope.child("conv1"), batchNorm(scope.child("bn1"), x, { relu: true }), {
    channels: x.shape.at(-1)!,
    kernel: 1,
  });
  const first = dropout2d(scope, inner, { rate: options.dropout, name: "dropout1" });
  const outer = conv(scope.child("conv2"), batchNorm(scope.child("bn2"), first, { relu: true }), {
    channels,
    kernel: 4,
    stride,
    padding,
  });
  const second = dropout2d(scope, outer, { rate: options.dropout, name: "dropout2" });
  const short = conv(scope.child("downsample.0"), x, { channels, kernel: 4, stride, padding, bias: true });
  return add(batchNorm(scope.child("downsample.1"), short), second);
}

function decoderBlock(scope: Scope, x: Tensor, options: BlockOptions): Tensor {
  const { channels, stride, padding } = options;
  const inner = convTranspose(scope.child("conv1"), batchNorm(scope.child("bn1"), x, { relu: true }), {
    channels: x.shape.at(-1)!,
    kernel: 1,
  });
  const first = dropout2d(scope, inner, { rate: options.dropout, name: "dropout1" });
  const outer = convTranspose(scope.child("conv2"), batchNorm(scope.child("bn2"), first, { relu: true }), {
    channels,
    kernel: 4,
    stride,
    padding,
  });
  const second = dropout2d(scope, outer, { rate: options.dropout, name: "dropout2" });
  const short = convTranspose(scope.child("upsample.0"), x, { channels, kernel: 4, stride, padding, bias: true });
  return add(batchNorm(scope.child("upsample.1"), short), second);
}
