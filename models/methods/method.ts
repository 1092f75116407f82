/**
 * The interface of a multimodal VAE method: how the views' posteriors become latents, and the divergence.
 *
 * A method is one file in `methods/` and one line in `methods/registry.ts`.
 *
 * @module
 */
import type { AggregateMethod, Tensor } from "../../runtime/mod.ts";
import type { Posterior } from "../networks/network.ts";
import type { Objective } from "./objective.ts";

/** Which views of a batch are present, and which mixture component each sample takes. */
export interface AggregateContext {
  /** 1 where a view is present and 0 where it is missing, [M, N]; undefined if views are never missing. */
  readonly present?: Tensor;
  /** Component of each sample, u32 [N], for `aggregate()` of the engine; undefined for slices of the batch. */
  readonly assignment?: Tensor;
}

/** Inputs of a method. Posteriors of all views are stacked: [M, N, D]. */
export interface LatentContext extends AggregateContext {
  /** Posteriors of all views. */
  readonly posterior: Posterior;
  /** Standard normal noise, [M, N, D]. */
  readonly noise: Tensor;
  /** Weight of the standard normal prior, [1], annealed from 1 to 0; only MMVM uses it. */
  readonly alpha: Tensor;
  /** Variant of the divergence. */
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
 * The fixed prior from which latents can be drawn after training: one standard normal latent per view, one shared by
 * all views, or (`annealed`) one per view while alpha keeps some weight on it.
 */
export type FixedPrior = "each" | "shared" | "annealed";

/** A multimodal VAE's treatment of its latents. */
export interface Method {
  /** Name in `--method` and in files. */
  readonly name: string;
  /** One line for help texts and reports. */
  readonly title: string;
  /** What new latents are sampled from. */
  readonly prior: FixedPrior;
  /** The view of the method, for VAEs of a single view. */
  readonly view?: string;
  /** Latents and divergence of a batch, in training. */
  latents(context: LatentContext): Latents;
  /** The posterior after aggregation, [N, D], for methods that have one. */
  aggregate?(posterior: Posterior, context: AggregateContext): Posterior;
  /** The engine's name of that aggregation, for methods that have one. */
  readonly aggregation?: AggregateMethod;
}
