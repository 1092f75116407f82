/**
 * What distinguishes the multimodal VAEs from each other: how the views' posteriors become latents, and what holds them together.
 *
 * A method is one file in `methods/` and one line in `methods/registry.ts`.
 *
 * @module
 */
import type { AggregateMethod, Tensor } from "../../runtime/mod.ts";
import type { Posterior } from "../networks/network.ts";
import type { Objective } from "./objective.ts";

/** Which views of a batch are there, and which component of a mixture each sample takes. */
export interface AggregateContext {
  /** 1 where a view is there and 0 where it is missing, [M, N]; undefined where no view is ever missing. */
  readonly present?: Tensor;
  /** Component of each sample, u32 [N], for `aggregate()` of the engine; undefined for slices of the batch. */
  readonly assignment?: Tensor;
}

/** What a method works on. Posteriors of all views are stacked: [M, N, D]. */
export interface LatentContext extends AggregateContext {
  readonly posterior: Posterior;
  /** Standard normal noise, [M, N, D]. */
  readonly noise: Tensor;
  /** Weight of the standard normal prior, [1], annealed from 1 to 0; only MMVM uses it. */
  readonly alpha: Tensor;
  readonly objective: Objective;
}

/** Latents to decode and their divergence. */
export interface Latents {
  /** One latent for each view's decoder, stacked: [M, N, D]; or one for all of them: [1, N, D]. */
  readonly z: Tensor;
  /** The divergence term of each sample, [N], before beta. */
  readonly kl: Tensor;
}

/**
 * The fixed prior of a method, from which latents can be drawn once it is trained: one standard normal latent a view, one that all views
 * share, or (`annealed`) one a view only for as long as alpha keeps some weight on it.
 */
export type FixedPrior = "each" | "shared" | "annealed";

/** A multimodal VAE's treatment of its latents. */
export interface Method {
  readonly name: string;
  /** One line for help texts and reports. */
  readonly title: string;
  readonly prior: FixedPrior;
  /** The one view that the method is about, for VAEs of a single view. */
  readonly view?: string;
  /** Latents and divergence of a batch, in training. */
  latents(context: LatentContext): Latents;
  /** The posterior after aggregation, [N, D], for methods that have one. */
  aggregate?(posterior: Posterior, context: AggregateContext): Posterior;
  /** Which aggregate of the engine that is, for methods that have one. */
  readonly aggregation?: AggregateMethod;
}
