/**
 * Arms measured in the usual way.
 *
 * @module
 */
import type { Arm, EvaluationPlan, RunPlan } from "../experiment.ts";
import type { Base } from "../experiment.ts";

/** A run measured with the labels that it or the base says, the seed of their draw being the run's. */
export function evaluated(base: Base, run: RunPlan, changes: Partial<EvaluationPlan> = {}): Arm {
  return {
    run,
    evaluation: {
      probe: base.probe,
      labelledFractions: [run.config.training.labelled ?? base.labelled],
      probeSeeds: [run.config.training.seed],
      resamples: base.resamples,
      ...changes,
    },
  };
}
