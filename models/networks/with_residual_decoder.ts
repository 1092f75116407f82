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
}

/** The network of an encoder; decoding takes an image size of the residual network. */
export function withResidualDecoder(
  name: string,
  options: EncoderOptions & Pick<Network, "features"> & {
    extract: (scope: Scope, image: Tensor) => Tensor;
    lastBlock: readonly string[];
  },
): Network {
  const { features, extract, lastBlock, imageSize, latentDim } = options;
  return {
    name,
    features,
    lastBlock,
    extract,
    posterior: (scope, x) => compress(scope, x, { latentDim }),
    decode(scope, z) {
      if (!RESIDUAL_SIZES.includes(imageSize)) {
        throw new RangeError(
          `${name} is an encoder, and the residual network, which decodes for it, takes images of ` +
            `${RESIDUAL_SIZES.join(", ")} pixels, not ${imageSize}`,
        );
      }
      return residualNetwork(options).decode(scope, z);
    },
  };
}
