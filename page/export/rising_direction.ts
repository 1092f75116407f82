/**
 * The direction in which the probability of one of several exclusive labels rises everywhere.
 *
 * @module
 */

/** Rounds over the constraints: more than ten labels need. */
const ROUNDS = 20_000;
const TOLERANCE = 1e-9;

/**
 * The shortest `d` with `(w_k - w_j) . d >= 1` for every other label `j`. Along it the log-odds of label `k` against
 * each other one rise, and so does its softmax probability, whatever the latent is. Along `w_k` itself it may fall,
 * where a label with a similar, longer `w_j` takes over. The dual is solved by coordinate ascent (Hildreth, 1957).
 *
 * @param weights The coefficients of each label.
 * @param label Which label, `k`.
 * @returns The direction; `null` if there is none, because `w_k` lies between those of other labels.
 */
export function risingDirection(weights: readonly (readonly number[])[], label: number): number[] | null {
  const own = weights[label]!;
  const steps = weights.filter((_, j) => j !== label).map((other) => own.map((value, i) => value - other[i]!));
  const squares = steps.map((step) => dot(step, step));
  if (steps.length === 0 || squares.includes(0)) return null;
  const direction = own.map(() => 0);
  const multipliers = steps.map(() => 0);
  for (let round = 0; round < ROUNDS; round++) {
    let moved = 0;
    steps.forEach((step, j) => {
      const by = Math.max(-multipliers[j]!, (1 - dot(step, direction)) / squares[j]!);
      multipliers[j]! += by;
      step.forEach((value, i) => direction[i]! += by * value);
      moved = Math.max(moved, Math.abs(by) * Math.sqrt(squares[j]!));
    });
    if (moved <= TOLERANCE * Math.sqrt(dot(direction, direction))) break;
  }
  return steps.every((step) => dot(step, direction) > 0.5) ? direction : null;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
