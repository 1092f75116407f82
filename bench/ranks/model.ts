/**
 * What the programs of `bench ranks` have in common.
 *
 * @module
 */
import type { VaeConfig } from "../../models/mod.ts";

/** The model that `train` and `plan` have by default. */
export const MODEL: VaeConfig = {
  method: "mmvm",
  views: ["frontal", "lateral"],
  network: "residual",
  imageSize: 64,
  filterDim: 8,
  latentDim: 16,
  dropout: 0,
  likelihood: { name: "laplace", scale: 0.75 },
};

/** Wall-clock and processor time of a step or a part of it. */
export interface StepTimes {
  readonly seconds: number;
  /** Of this process alone, all its threads together. */
  readonly processorSeconds: number;
}

/** The parts of a rank's step. */
export interface StepParts {
  /** The forward and backward passes, and the copy of the gradient from the adapter. */
  readonly gradient: StepTimes;
  /** Until the last rank has its gradient. */
  readonly waiting: StepTimes;
  /** The sum of the gradients over the ranks. */
  readonly exchange: StepTimes;
  /** The copy of the sum to the adapter, and the optimiser. */
  readonly update: StepTimes;
  /** All of them. */
  readonly step: StepTimes;
}
