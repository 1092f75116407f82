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
 * How often a joint model counts the divergence of its one posterior: once per view, as published, or once in total.
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
}

/** The defaults: as published. */
export const PUBLISHED_OBJECTIVE: Objective = { prior: "pairwise", jointKl: "views", moeAssignment: "slices" };
