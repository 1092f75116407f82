/**
 * The interface of a network: an encoder from images to posteriors, and a decoder.
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

/** Encoder and decoder of one view. Images are [N, S, S, 1]. */
export interface Network {
  /** Name in `--network` and in files. */
  readonly name: string;
  /** Number of features that `extract` returns. */
  readonly features: number;
  /** Image [N, S, S, 1] to features [N, features]; supervised classifiers use it too. */
  extract(scope: Scope, image: Tensor): Tensor;
  /** Features to the posterior of the latent. */
  posterior(scope: Scope, features: Tensor): Posterior;
  /** Latent [N, D] to the mean of the image's likelihood, [N, S, S, 1]. */
  decode(scope: Scope, z: Tensor): Tensor;
}
