/**
 * The annealing of alpha, the weight of the standard normal prior in the MMVM VAE.
 *
 * @module
 */

/**
 * max(exp(ln(1e-10) step / steps), 0), as in the authors' code: 1 at the start, 1e-10 after `steps` steps; always 0 for `steps` = 0.
 *
 * @param steps Steps of the annealing.
 */
export function annealingOf(steps: number): (step: number) => number {
  if (steps === 0) return () => 0;
  return (step) => Math.max(Math.exp(Math.log(1e-10) * step / steps), 0);
}
