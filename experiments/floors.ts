/**
 * Floors in an experiment's tables.
 *
 * @module
 */
import { isFloor } from "../eval/floors/floors.ts";
import { isSupervised } from "../training/run_trainer.ts";
import type { Arm, Measured, Part } from "./experiment.ts";

/**
 * Adds the floors to one arm of every seed, setting and measurement: MMVM's, or the first one of a VAE. View position
 * and pixel PCA depend on no method, and the untrained encoders are the same for all; labels are shuffled for the
 * latents of this arm.
 */
export function withFloors(parts: readonly Part[]): Part[] {
  return parts.map((part) => {
    const vaes = part.arms.filter(({ run }) => !isSupervised(run.config));
    const groups = Map.groupBy(
      vaes,
      ({ run, evaluation, setting = {} }) => JSON.stringify([setting, evaluation, run.config.training.seed]),
    );
    const isMmvm = ({ run }: Arm) => run.config.model.method === "mmvm";
    const chosen = new Set([...groups.values()].map((arms) => arms.find(isMmvm) ?? arms[0]!));
    const arms = part.arms.map((arm) =>
      chosen.has(arm) ? { ...arm, evaluation: { ...arm.evaluation, floors: true as const } } : arm
    );
    return { ...part, arms };
  });
}

/** The measurements without floors, which conclusions about methods must not count. */
export function withoutFloors({ results, comparisons }: Measured): Measured {
  return {
    results: { ...results, evaluations: results.evaluations.filter(({ method }) => !isFloor(method)) },
    comparisons: comparisons.filter(({ baseline, method }) => !isFloor(baseline) && !isFloor(method)),
  };
}
