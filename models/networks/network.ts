/**
 * The interface of a network: an encoder from a view to posteriors, and a decoder.
 *
 * @module
 */
import type { Tensor } from "../../runtime/mod.ts";
import type { Scope } from "../layers/scope.ts";

/** A diagonal normal distribution over latents, [N, D] each. */
export interface Posterior {
  /** Mean. */
  readonly mu: Tensor;
  /** Natural logarithm of the variance. */
  readonly logvar: Tensor;
}

/** Encoder and decoder of one view: of images [N, S, S, 1], or of texts as tokens u32 [N, L]. */
export interface Network {
  /** Name in `--network` and in files. */
  readonly name: string;
  /** Number of features that `extract` returns. */
  readonly features: number;
  /**
   * Names of the scopes in the encoder's that make up its last block, for fine-tuning it alone; the layers of
   * `posterior` are not among them. None if the encoder can only be trained as a whole.
   */
  readonly lastBlock?: readonly string[];
  /** The view to features [N, features]; supervised classifiers use it too. */
  extract(scope: Scope, view: Tensor): Tensor;
  /** Features to the posterior of the latent. */
  posterior(scope: Scope, features: Tensor): Posterior;
  /**
   * Latent [N, D] to the parameters of the view's likelihood: for an image its mean, [N, S, S, 1], for a text the
   * logits of the words at every position, [N, 1, L, V].
   */
  decode(scope: Scope, z: Tensor): Tensor;
}
