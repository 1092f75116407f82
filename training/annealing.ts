/**
 * Annealing schedules: alpha, the weight of the standard normal prior in the MMVM VAE, and beta, the weight of the KL
 * divergence.
 *
 * @module
 */
import { isDigits } from "../data/index/digit_datasets.ts";
import type { DatasetName } from "../data/mod.ts";
import { type Schedule, schedules } from "../runtime/mod.ts";

/** Shapes of the alpha schedule. */
export const ALPHA_SCHEDULES = ["exp", "linear", "cosine", "constant"] as const;

/** The fields of a training configuration that determine the schedules. */
export interface Annealing {
  /** Steps over which alpha is annealed. */
  readonly alphaSteps: number;
  /** Shape of the annealing, `exp` by default. */
  readonly alphaSchedule?: typeof ALPHA_SCHEDULES[number] | undefined;
  /** Final value of alpha, 0 by default. */
  readonly alpha?: number | undefined;
  /** Weight of the divergence. */
  readonly beta: number;
  /** Steps over which beta is increased linearly to its full value; none by default. */
  readonly betaWarmupSteps?: number | undefined;
}

/**
 * The default share of all steps over which alpha is annealed: a fifth for chest X-rays, about what 150,000 steps are
 * of the papers' 240 epochs, and three fifths for digits, whose runs are short.
 */
export function alphaShareOf(dataset: DatasetName): number {
  return isDigits(dataset) ? 0.6 : 0.2;
}

/** Value of the published exponential after its last annealing step; it keeps falling after that. */
const PUBLISHED_END = 1e-10;

/**
 * Alpha from 1 to `alpha` (0 unless given) in `alphaSteps` steps:
 *
 * - `exp`: exponential decay as in the authors' code, exp(ln(1e-10) step / steps), bounded below by `alpha`;
 * - `linear` and `cosine`: linear and half-cosine decay;
 * - `constant`: `alpha` at every step; the others equal this if `alphaSteps` is 0.
 */
export function alphaSchedule(annealing: Annealing): Schedule {
  const { alphaSteps: steps, alphaSchedule: kind = "exp", alpha: to = 0 } = annealing;
  if (kind === "constant" || steps === 0) return schedules.constant(to);
  if (kind === "linear") return schedules.linear({ from: 1, to, steps });
  if (kind === "cosine") return schedules.cosine({ from: 1, to, steps });
  const falling = schedules.exponential({ from: 1, to: Math.max(to, PUBLISHED_END), steps });
  return (step) => Math.max(to, falling(step));
}

/** Beta at every step, with a linear warm-up. */
export function betaSchedule({ beta, betaWarmupSteps: steps = 0 }: Annealing): Schedule {
  const full = schedules.constant(beta);
  return steps === 0 ? full : schedules.warmup(full, { steps });
}
