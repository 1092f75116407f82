/**
 * What changes over a training: alpha, the weight of the standard normal prior in the MMVM VAE, and beta, the weight of the divergence.
 *
 * @module
 */
import type { DatasetName } from "../data/mod.ts";
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

/**
 * The share of all steps over which alpha is annealed where nothing else is asked for. Of chest X-rays a fifth, about the share that 150,000
 * steps have of the papers' 240 epochs; of MNIST pairs, whose runs are short, three fifths.
 */
export function alphaShareOf(dataset: DatasetName): number {
  return dataset === "mnist-pairs" ? 0.6 : 0.2;
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
