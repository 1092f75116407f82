/**
 * Variants of a method's divergence on which the papers and their code differ.
 *
 * @module
 */

/**
 * The prior of the MMVM VAE: the pairwise upper bound of the divergence, or a Monte Carlo estimate of the divergence
 * itself.
 */
export const PRIORS = ["pairwise", "mixture"] as const;

/**
 * How often the joint models PoE, MoE, MoPoE and AVG count the divergence of their one posterior: once per view, as
 * published with the MMVM VAE, or once in total. The other methods count as their own papers do.
 */
export const JOINT_KLS = ["views", "once"] as const;

/**
 * How samples are assigned their component of a mixture (MoE, MoPoE): by slices of the batch, as published, or by a
 * stratified draw.
 */
export const MOE_ASSIGNMENTS = ["slices", "stratified"] as const;

/** The variants of an objective; see the lists above. */
export interface Objective {
  /** One of {@linkcode PRIORS}. */
  readonly prior: typeof PRIORS[number];
  /** One of {@linkcode JOINT_KLS}. */
  readonly jointKl: typeof JOINT_KLS[number];
  /** One of {@linkcode MOE_ASSIGNMENTS}. */
  readonly moeAssignment: typeof MOE_ASSIGNMENTS[number];
  /** Weight of the total correlation in MVTCAE, from 0 to 1. */
  readonly tcRatio: number;
}

/** The defaults: as published. */
export const PUBLISHED_OBJECTIVE: Objective = {
  prior: "pairwise",
  jointKl: "views",
  moeAssignment: "slices",
  // That of the paper's runs on PolyMNIST.
  tcRatio: 5 / 6,
};
