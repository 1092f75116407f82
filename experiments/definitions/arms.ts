/**
 * Helpers for arms with the default measurement.
 *
 * @module
 */
import type { Arm, Base, EvaluationPlan, RunPlan } from "../experiment.ts";

/** An arm measured at the labelled fraction of the run or the base, with the run's seed as probe seed. */
export function evaluated(base: Base, run: RunPlan, changes: Partial<EvaluationPlan> = {}): Arm {
  return {
    run,
    evaluation: {
      probe: base.probe,
      labelledFractions: [run.config.training.labelled ?? base.labelled],
      probeSeeds: [run.config.training.seed],
      resamples: base.resamples,
      ...(base.test ? { test: base.test } : {}),
      ...changes,
    },
  };
}
