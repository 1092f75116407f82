/**
 * The interface of a method that aligns the embeddings of a study's views, without decoders.
 *
 * A method is one file in `alignment/` and one line in `alignment/registry.ts`.
 *
 * @module
 */
import type { Tensor } from "../../runtime/mod.ts";
import type { Scope } from "../layers/scope.ts";
import type { MethodPaper } from "../methods/method.ts";

/** Constants of the methods; the published ones unless given. */
export interface AlignmentSettings {
  /** Weight of the off-diagonal correlations in Barlow Twins, 0.0051 by default. */
  readonly redundancyWeight?: number;
  /** Weights of invariance, variance and covariance in VICReg; 25, 25 and 1 by default. */
  readonly vicregWeights?: readonly number[];
  /** Initial temperature of CLIP's softmax, 0.07 by default. */
  readonly temperature?: number;
}

/** The embeddings of two views of the same samples. */
export interface AlignedPair {
  /** [N, E]. */
  readonly a: Tensor;
  /** [N, E]. */
  readonly b: Tensor;
  /** 1 where a sample has both views and 0 where not, [N]; undefined if views are never missing. */
  readonly mask?: Tensor;
}

/** An objective on pairs of views. */
export interface AlignmentMethod {
  /** Name in `--method` and in files. */
  readonly name: string;
  /** One line for help texts and reports. */
  readonly title: string;
  /** Its publication. */
  readonly paper: MethodPaper;
  /** Widths of the projector's layers unless the configuration says otherwise; the last is that of embeddings. */
  readonly projector: readonly number[];
  /**
   * The loss of a pair of views, a scalar.
   *
   * @param scope For parameters of the objective's own, the same for all pairs.
   */
  loss(pair: AlignedPair, context: { scope: Scope; settings: AlignmentSettings }): Tensor;
}
