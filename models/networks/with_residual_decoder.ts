/**
 * Networks that are known as encoders of images alone: classifiers and contrastive methods use them as they are; to
 * become a VAE's, they get linear layers to a posterior, and the decoder of the residual network.
 *
 * @module
 */
import type { Tensor } from "../../runtime/mod.ts";
import type { Scope } from "../layers/scope.ts";
import type { Network } from "./network.ts";
import { RESIDUAL_SIZES, residualNetwork } from "./residual.ts";
import { compress } from "./residual_blocks.ts";

/** Sizes of an encoder and of the decoder that it is combined with. */
export interface EncoderOptions {
  /** Side of the square images in pixels. */
  readonly imageSize: number;
  /** Filters of the decoder's last layer. */
  readonly filterDim: number;
  /** Latent dimensions. */
  readonly latentDim: number;
  /** Rate of dropout in the encoder and the decoder. */
  readonly dropout: number;
  /** Whether it is to decode, too. */
  readonly decodes?: boolean;
}

/**
 * The network of an encoder.
 *
 * @throws {RangeError} if it is to decode, for an image size that the residual network does not take.
 */
export function withResidualDecoder(
  name: string,
  options: EncoderOptions & Pick<Network, "features"> & {
    extract: (scope: Scope, image: Tensor) => Tensor;
    lastBlock: readonly string[];
  },
): Network {
  const { features, extract, lastBlock, imageSize, latentDim } = options;
  if (options.decodes && !RESIDUAL_SIZES.includes(imageSize)) {
    throw new RangeError(
      `${name} is an encoder, and the residual network, which decodes for it, takes images of ` +
        `${RESIDUAL_SIZES.join(", ")} pixels, not ${imageSize}`,
    );
  }
  return {
    name,
    features,
    lastBlock,
    extract,
    posterior: (scope, x) => compress(scope, x, { latentDim }),
    decode: (scope, z) => residualNetwork(options).decode(scope, z),
  };
}
