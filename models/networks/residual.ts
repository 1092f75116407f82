/**
 * The papers' residual encoder and decoder at 64, 128 and 224 pixels.
 *
 * With F filters and the blocks of `residual_blocks.ts`, the encoder is
 *
 *     conv 3x3 s2 -> F, blocks 2F, 3F, 4F (each halves the image),
 *     then at 64 px 5F, at 128 and 224 px 5F, 5F, down to 1 x 1
 *
 * and two bias-free linear layers give mu and logvar; the decoder mirrors it from a linear layer with bias. The output
 * has no activation: it is the mean of the likelihood.
 *
 * @module
 */
import { reshape } from "../../runtime/mod.ts";
import { conv, convTranspose, linear } from "../layers/layers.ts";
import type { Network } from "./network.ts";
import { block, type BlockShape, compress, decoderBlock, encoderBlock } from "./residual_blocks.ts";

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
  const channelsOf = ({ width, ...shape }: BlockShape) => ({
    ...shape,
    channels: width * filterDim,
    dropout,
    dimensions: 2 as const,
  });
  return {
    name: "residual",
    features,
    lastBlock: [`feature_extractor.resblock_${down.length}`],
    extract(scope, image) {
      const at = scope.child("feature_extractor");
      let x = conv(at.child("conv1"), image, { channels: filterDim, kernel: 3, stride: 2, padding: 1 });
      down.forEach((shape, i) => {
        x = encoderBlock(at.child(`resblock_${i + 1}.0`), x, channelsOf(shape));
      });
      return reshape(x, [image.shape[0]!, features]);
    },
    posterior: (scope, x) => compress(scope, x, { latentDim }),
    decode(scope, z) {
      let x = linear(scope.child("feature_generator"), z, { outputs: features });
      x = reshape(x, [z.shape[0]!, 1, 1, features]);
      const at = scope.child("img_generator.generator");
      up.forEach((shape, i) => {
        x = decoderBlock(at.child(`${i}.0`), x, channelsOf(shape));
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
