import type { Evaluation } from "../../../eval/results/results_schema.ts";

/** One choice of classifier and amount of labelled data, at which methods can be compared. */
export interface Slice {
  readonly probe: Evaluation["probe"];
  readonly latents: Evaluation["latents"];
  readonly fraction: number;
}

/** What is shown of one arm in one place: the mean over its repetitions, and each of them. */
export interface Cell {
  /** Mean AUROC over the repetitions that have one. */
  readonly value: number;
  /** Mean of the repetitions' 95 % intervals for the choice of patients. */
  readonly low: number | null;
  readonly high: number | null;
  /** Standard deviation over repetitions; `null` for one. */
  readonly spread: number | null;
  /** Every repetition with its seed and its own interval. */
  readonly each: readonly (readonly [seed: number, value: number, low: number | null, high: number | null])[];
  /** `best` of its row, `tied` with the best, or neither. */
  mark: "best" | "tied" | "";
}
