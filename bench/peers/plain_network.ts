/**
 * The network of the peers' step: four 4x4 convolutions of stride 2 with bias and ReLU in the encoder, the same
 * transposed in the decoder, and linear layers to and from the latent. With F filters the widths are F, 2F, 4F, 4F.
 *
 * Feature maps are flattened channels-last; frameworks with channels-first layouts permute the linear layers' weights
 * once.
 *
 * @module
 */
import { layers, type Network, type NetworkOptions } from "../../models/mod.ts";
import { relu, reshape } from "../../runtime/mod.ts";

const { conv, convTranspose, linear } = layers;

/** Widths of the encoder's layers, in units of F. */
const WIDTHS = [1, 2, 4, 4] as const;

/** The network, for any image size that is a multiple of 16. */
export function plainNetwork({ imageSize, filterDim, latentDim }: NetworkOptions): Network {
  const side = imageSize / 16;
  if (!Number.isInteger(side)) {
    throw new RangeError(
      `the plain network needs an image size that is a multiple of ` +
        `16, got ${imageSize}`,
    );
  }
  const widths = WIDTHS.map((width) => width * filterDim);
  const last = widths.at(-1)!;
  const features = side * side * last;
  const half = { kernel: 4, stride: 2, padding: 1, bias: true } as const;
  return {
    name: "plain",
    features,
    extract(scope, image) {
      const x = widths.reduce((x, channels, i) => relu(conv(scope.child(`conv${i}`), x, { ...half, channels })), image);
      return reshape(x, [image.shape[0]!, features]);
    },
    posterior(scope, x) {
      return {
        mu: linear(scope.child("mu"), x, { outputs: latentDim }),
        logvar: linear(scope.child("logvar"), x, { outputs: latentDim }),
      };
    },
    decode(scope, z) {
      const hidden = relu(linear(scope.child("linear"), z, { outputs: features }));
      const start = reshape(hidden, [z.shape[0]!, side, side, last]);
      const back = [...widths.slice(0, -1).reverse(), 1];
      return back.reduce((x, channels, i) => {
        const y = convTranspose(scope.child(`conv${i}`), x, { ...half, channels });
        return channels === 1 ? y : relu(y);
      }, start);
    },
  };
}
