/**
 * The interface of a multimodal VAE method: how the views' posteriors become latents, and the divergence.
 *
 * A method is one file in `methods/` and one line in `methods/registry.ts`.
 *
 * @module
 */
import type { AggregateMethod, Shape, Tensor } from "../../runtime/mod.ts";
import type { Scope } from "../layers/scope.ts";
import type { Posterior } from "../networks/network.ts";
import type { Objective } from "./objective.ts";

/** Which views of a batch are present, and which mixture component each sample takes. */
export interface AggregateContext {
  /** 1 where a view is present and 0 where it is missing, [M, N]; undefined if views are never missing. */
  readonly present?: Tensor;
  /** Component of each sample, u32 [N], for `aggregate()` of the engine; undefined for slices of the batch. */
  readonly assignment?: Tensor;
  /** How many of the last latent dimensions are private to their view; 0 by default. See `private_latents.ts`. */
  readonly privateDim?: number;
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
  /** The model's scope, for the parameters that {@link Method.declare} requests. */
  readonly scope: Scope;
  /** Draws standard normal noise beside `noise`; every name has numbers of its own. */
  readonly draw: (name: string, shape: Shape) => Tensor;
}

/** Latents from which all views are decoded. */
export interface Decoding {
  /** One latent for each view's decoder, stacked: [M, N, D]; or one for all of them: [1, N, D]. */
  readonly z: Tensor;
  /** Weight of each sample's reconstruction from these latents, [N]; 1 if omitted. */
  readonly weight?: Tensor;
}

/** Latents to decode and their divergence. */
export interface Latents extends Decoding {
  /** The divergence term of each sample, [N], before beta. */
  readonly kl: Tensor;
  /** Latents from which all views are decoded again, such as those of single views; the reconstructions are added. */
  readonly further?: readonly Decoding[];
}

/**
 * The fixed prior from which latents can be drawn after training: one standard normal latent per view, one shared by
 * all views, or (`annealed`) one per view while alpha keeps some weight on it. Deterministic autoencoders have `none`,
 * and no variances either.
 */
export type FixedPrior = "each" | "shared" | "annealed" | "none";

/**
 * Whether some latent dimensions may be private to their view: `optional` for methods whose shared part is treated as
 * the whole latent is otherwise, `own` for methods that are defined by a private part.
 */
export type PrivateLatents = "optional" | "own";

/** The publication of a method. */
export interface MethodPaper {
  /** Short title. */
  readonly title: string;
  /** Address of a freely readable version. */
  readonly url: string;
}

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
  /** Whether latents have a part that is private to their view; they cannot if omitted. */
  readonly privateLatents?: PrivateLatents;
  /** Its publication, for methods that are not from the papers of the MMVM VAE. */
  readonly paper?: MethodPaper;
  /** Requests parameters of the method itself from a declaring scope, for methods that have any. */
  declare?(scope: Scope, sizes: { views: number; privateDim: number }): void;
  /** Latents and divergence of a batch, in training. */
  latents(context: LatentContext): Latents;
  /** The posterior of the shared latent after aggregation, [N, D - privateDim], for methods that have one. */
  aggregate?(posterior: Posterior, context: AggregateContext): Posterior;
  /** The engine's name of that aggregation, for methods that have one. */
  readonly aggregation?: AggregateMethod;
  /** Whether training gives each sample one component of the mixture `aggregation`, instead of using all of them. */
  readonly samplesComponents?: boolean;
}
