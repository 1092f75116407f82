/**
 * What distinguishes the multimodal VAEs from each other: how the views' posteriors become latents, and what holds them together.
 *
 * A method is one file in `methods/` and one line in `methods/registry.ts`.
 *
 * @module
 */
import type { Tensor } from "../runtime/mod.ts";
import type { Posterior } from "./network.ts";

/** What a method works on. Posteriors of all views are stacked: [M, N, D]. */
export interface LatentContext {
  readonly posterior: Posterior;
  /** Standard normal noise, [M, N, D]. */
  readonly noise: Tensor;
  /** Weight of the standard normal prior, [1], annealed from 1 to 0; only MMVM uses it. */
  readonly alpha: Tensor;
  /** 1 where a view is there and 0 where it is missing, [M, N]; undefined where no view is ever missing. */
  readonly present?: Tensor;
}

/** Latents to decode and their divergence. */
export interface Latents {
  /** One latent for each view's decoder, stacked: [M, N, D]; or one for all of them: [1, N, D]. */
  readonly z: Tensor;
  /** The divergence term of each sample, [N], before beta. */
  readonly kl: Tensor;
}

/** A multimodal VAE's treatment of its latents. */
export interface Method {
  readonly name: string;
  /** One line for help texts and reports. */
  readonly title: string;
  /** Latents and divergence of a batch, in training. */
  latents(context: LatentContext): Latents;
  /** The posterior after aggregation, [N, D], for methods that have one. */
  aggregate?(posterior: Posterior, options: { present?: Tensor }): Posterior;
}
