/**
 * What changes over a training: alpha, the weight of the standard normal prior in the MMVM VAE, and beta, the weight of the divergence.
 *
 * @module
 */
import { type Schedule, schedules } from "../runtime/mod.ts";

/** How alpha falls. */
export const ALPHA_SCHEDULES = ["exp", "linear", "cosine", "constant"] as const;

/** The fields of a training's configuration that matter here. */
export interface Annealing {
  readonly alphaSteps: number;
  readonly alphaSchedule?: typeof ALPHA_SCHEDULES[number] | undefined;
  readonly alpha?: number | undefined;
  readonly beta: number;
  readonly betaWarmupSteps?: number | undefined;
}

/** Where the published exponential ends after its steps; it goes on falling. */
const PUBLISHED_END = 1e-10;

/**
 * Alpha from 1 to `alpha` (0 unless given) in `alphaSteps` steps:
 *
 * - `exp`: a constant factor a step, as in the authors' code: exp(ln(1e-10) step / steps), but never under `alpha`;
 * - `linear` and `cosine`: a straight line, and half a cosine wave;
 * - `constant`: `alpha` at every step, as the others have for no steps at all.
 */
export function alphaSchedule(annealing: Annealing): Schedule {
  const { alphaSteps: steps, alphaSchedule: kind = "exp", alpha: to = 0 } = annealing;
  if (kind === "constant" || steps === 0) return schedules.constant(to);
  if (kind === "linear") return schedules.linear({ from: 1, to, steps });
  if (kind === "cosine") return schedules.cosine({ from: 1, to, steps });
  const falling = schedules.exponential({ from: 1, to: Math.max(to, PUBLISHED_END), steps });
  return (step) => Math.max(to, falling(step));
}

/** Beta at every step, rising in a straight line over the warm-up. */
export function betaSchedule({ beta, betaWarmupSteps: steps = 0 }: Annealing): Schedule {
  const full = schedules.constant(beta);
  return steps === 0 ? full : schedules.warmup(full, { steps });
}
