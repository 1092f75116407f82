/**
 * The annealing of alpha, the weight of the standard normal prior in the MMVM VAE.
 *
 * @module
 */
import { type Schedule, schedules } from "../../runtime/mod.ts";

/**
 * exp(ln(1e-10) step / steps), as in the authors' code: 1 at the start, 1e-10 after `steps` steps; always 0 for `steps` = 0.
 *
 * @param steps Steps of the annealing.
 */
export function annealingOf(steps: number): Schedule {
  return steps === 0 ? schedules.constant(0) : schedules.exponential({ from: 1, to: 1e-10, steps });
}
