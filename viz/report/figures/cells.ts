/**
 * The values that tables and figures show.
 *
 * @module
 */
import type { Evaluation } from "../../../eval/results/results.ts";

/** A classifier and a labelled fraction: methods are only compared within one slice. */
export interface Slice {
  readonly probe: Evaluation["probe"];
  readonly latents: Evaluation["latents"];
  readonly fraction: number;
}

/** The value shown for one arm: the mean over its repetitions, and each repetition. */
export interface Cell {
  /** Mean AUROC over the repetitions in which it is defined. */
  readonly value: number;
  /** Mean lower bound of the repetitions' 95% bootstrap intervals over patients. */
  readonly low: number | null;
  readonly high: number | null;
  /** Standard deviation over repetitions; `null` if there is only one. */
  readonly spread: number | null;
  /** Each repetition: its seed, value and interval. */
  readonly each: readonly (readonly [seed: number, value: number, low: number | null, high: number | null])[];
  /** `best` of its row, `tied` with the best, or neither. */
  mark: "best" | "tied" | "";
}
