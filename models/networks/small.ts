/**
 * A plain convolutional encoder and decoder: the small, fast option, for any image size that is a multiple of four.
 *
 * At 28 pixels it is the protocol's network for MNIST pairs: conv 4x4 s2 1 -> 16, ReLU, 16 -> 32, ReLU, linear 1568 ->
 * 128, ReLU, two linears to mu and logvar; back by linear 16 -> 128, ReLU, -> 1568, ReLU, transposed conv 4x4 s2 32 ->
 * 16, ReLU, 16 -> 1; all with biases. Channels are F and 2F with F = `filterDim`.
 *
 * @module
 */
import { permute, relu, reshape } from "../../runtime/mod.ts";
import { conv, convTranspose, linear } from "../layers/layers.ts";
import type { Network } from "./network.ts";

/** Hidden units of the linear layers. */
const HIDDEN = 128;

/**
 * The small network.
 *
 * @throws {RangeError} for an image size that is not a multiple of four.
 */
export function smallNetwork(options: { imageSize: number; filterDim: number; latentDim: number }): Network {
  const { imageSize, filterDim, latentDim } = options;
  if (imageSize % 4 !== 0) {
    throw new RangeError(`the small network takes image sizes that are multiples of 4, not ${imageSize}`);
  }
  const side = imageSize / 4;
  const channels = 2 * filterDim;
  const flat = channels * side * side;
  const half = { kernel: 4, stride: 2, padding: 1, bias: true } as const;
  return {
    name: "small",
    features: HIDDEN,
    lastBlock: ["feature_extractor.5"],
    extract(scope, image) {
      const at = scope.child("feature_extractor");
      const first = relu(conv(at.child("0"), image, { ...half, channels: filterDim }));
      const second = relu(conv(at.child("2"), first, { ...half, channels }));
      // PyTorch flattens channels first: the linear layer's columns are in that order.
      const columns = reshape(permute(second, [0, 3, 1, 2]), [image.shape[0]!, flat]);
      return relu(linear(at.child("5"), columns, { outputs: HIDDEN }));
    },
    posterior(scope, x) {
      const at = scope.child("feature_compressor");
      return {
        mu: linear(at.child("content_mu"), x, { outputs: latentDim }),
        logvar: linear(at.child("content_logvar"), x, { outputs: latentDim }),
      };
    },
    decode(scope, z) {
      const hidden = relu(linear(scope.child("feature_generator.0"), z, { outputs: HIDDEN }));
      const columns = relu(linear(scope.child("feature_generator.2"), hidden, { outputs: flat }));
      const image = permute(reshape(columns, [z.shape[0]!, channels, side, side]), [0, 2, 3, 1]);
      const at = scope.child("img_generator");
      const first = relu(convTranspose(at.child("0"), image, { ...half, channels: filterDim }));
      return convTranspose(at.child("2"), first, { ...half, channels: 1 });
    },
  };
}
