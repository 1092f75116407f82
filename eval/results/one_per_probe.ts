/**
 * Which of a run's evaluations tables of details show.
 *
 * @module
 */
import type { Evaluation } from "./results.ts";

/** Of each run, view and probe the first evaluation with the largest labelled fraction of all. */
export function onePerProbe(evaluations: readonly Evaluation[]): Evaluation[] {
  const fraction = Math.max(...evaluations.map(({ labelledFraction }) => labelledFraction));
  const shown = new Map<string, Evaluation>();
  for (const evaluation of evaluations) {
    const { run, view, probe, labelledFraction } = evaluation;
    const key = [run, view, probe].join("\n");
    if (labelledFraction === fraction && !shown.has(key)) shown.set(key, evaluation);
  }
  return [...shown.values()];
}
