/**
 * The papers' text encoder and decoder for 32, 64 and 128 tokens: the residual network in one dimension.
 *
 * With F filters and V words, the encoder is an embedding V -> F, a convolution of size 4 and stride 2, and blocks that
 * halve the text until one position of 5F channels is left; the same two linear layers as for images give mu and
 * logvar. The decoder goes back by transposed convolutions, and a convolution of size 1 with bias gives the logits of
 * the words at every position. Feature maps are [N, 1, L, C].
 *
 * @module
 */
import { reshape } from "../../runtime/mod.ts";
import { conv, embedding, linear } from "../layers/layers.ts";
import type { Network } from "./network.ts";
import { block, type BlockShape, compress, decoderBlock, encoderBlock } from "./residual_blocks.ts";

const ENCODER: Readonly<Record<number, readonly number[]>> = {
  32: [2, 3, 4, 5],
  64: [2, 3, 4, 4, 5],
  128: [2, 3, 4, 4, 4, 5],
};

const DECODER: Readonly<Record<number, readonly number[]>> = {
  32: [5, 5, 4, 1],
  64: [5, 5, 4, 4, 1],
  128: [5, 5, 5, 4, 4, 1],
};

/** Text lengths that the network is defined for. */
export const TEXT_LENGTHS: readonly number[] = [32, 64, 128];

/** Sizes of the text network. */
export interface TextNetworkOptions {
  /** Tokens of a text, padding included. */
  readonly length: number;
  /** Number of different tokens. */
  readonly vocabulary: number;
  /** Filters of the first layer. */
  readonly filterDim: number;
  /** Latent dimensions. */
  readonly latentDim: number;
  /** Rate of dropout2d in the residual blocks. */
  readonly dropout: number;
}

/**
 * The text network. It takes tokens u32 [N, L] for an image, and decodes to logits [N, 1, L, V].
 *
 * @throws {RangeError} for another text length, or an empty vocabulary.
 */
export function textNetwork(options: TextNetworkOptions): Network {
  const { length, vocabulary, filterDim, latentDim, dropout } = options;
  const down = ENCODER[length]?.map((width) => block(width));
  const up = DECODER[length]?.map((width, i): BlockShape => i === 0 ? block(width, 1, 0) : block(width));
  if (!down || !up) {
    throw new RangeError(`the text network takes texts of ${TEXT_LENGTHS.join(", ")} tokens, not ${length}`);
  }
  if (!Number.isInteger(vocabulary) || vocabulary < 1) {
    throw new RangeError(`the text network needs a vocabulary of at least one token, got ${vocabulary}`);
  }
  const features = 5 * filterDim;
  const channelsOf = ({ width, ...shape }: BlockShape) => ({
    ...shape,
    channels: width * filterDim,
    dropout,
    dimensions: 1 as const,
  });
  return {
    name: "text",
    features,
    lastBlock: [`feature_extractor.resblock_${down.length}`],
    extract(scope, tokens) {
      const at = scope.child("feature_extractor");
      const samples = tokens.shape[0]!;
      const words = embedding(at.child("embedding"), reshape(tokens, [samples, 1, length]), {
        words: vocabulary,
        channels: filterDim,
      });
      let x = conv(at.child("conv1"), words, { channels: filterDim, kernel: 4, stride: 2, padding: 1, dimensions: 1 });
      down.forEach((shape, i) => (x = encoderBlock(at.child(`resblock_${i + 1}.0`), x, channelsOf(shape))));
      return reshape(x, [samples, features]);
    },
    posterior: (scope, x) => compress(scope, x, { latentDim }),
    decode(scope, z) {
      let x = linear(scope.child("feature_generator"), z, { outputs: features });
      x = reshape(x, [z.shape[0]!, 1, 1, features]);
      const at = scope.child("text_generator.generator");
      up.forEach((shape, i) => (x = decoderBlock(at.child(`${i}.0`), x, channelsOf(shape))));
      return conv(at.child(`${up.length}`), x, { channels: vocabulary, kernel: 1, bias: true, dimensions: 1 });
    },
  };
}
