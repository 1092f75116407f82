/**
 * What an experiment is: arms to train and measure, and what to make of them.
 *
 * @module
 */
import type { GroupBy } from "../evaluation_groups.ts";
import type { Probe } from "../protocol/probe.ts";
import type { Comparison, Evaluation, Results } from "../results_schema.ts";
import type { RunConfig } from "../runs/run_config.ts";
import type { Base, ScaleName } from "./scales.ts";

/** A run to train. */
export interface RunPlan {
  /** With `alphaSteps` 0 where `alphaShare` says how many there are. */
  readonly config: RunConfig;
  /** Share of all steps over which alpha is annealed; how many these are depends on the data. */
  readonly alphaShare?: number;
}

/** How to measure a trained run. */
export interface EvaluationPlan {
  readonly probe: Probe;
  /** Shares of the training patients whose labels the probes see; a classifier's is that of its training. */
  readonly labelledFractions: readonly number[];
  readonly probeSeeds: readonly number[];
  readonly resamples: number;
  /** Labels that probes learn from are turned wrong; those of a classifier are so in its training. */
  readonly labelNoise?: { readonly share: number; readonly seed: number };
}

/** A run, its measurement, and the setting under which an experiment shows it. */
export interface Arm {
  readonly run: RunPlan;
  readonly evaluation: EvaluationPlan;
  readonly setting?: Evaluation["setting"];
}

/** Arms on one data set: one report. */
export interface Part {
  /** Name of its folder, to which the scale is added, and of its report. */
  readonly name: string;
  readonly arms: readonly Arm[];
}

/** What was measured, for conclusions. */
export interface Measured {
  readonly results: Results;
  readonly comparisons: readonly Comparison[];
}

/** Where an experiment is done. */
export interface ExperimentContext {
  readonly scale: ScaleName;
  /** The base of every run on the data set that was asked for. */
  readonly base: Base;
  /** The base on another data set, at the same scale. */
  readonly on: (dataset: Base["dataset"], root?: string) => Base;
}

/** An experiment. */
export interface Experiment {
  readonly name: string;
  readonly summary: string;
  /** What stands side by side. */
  readonly by: GroupBy;
  /** Whether its tables show every label, or the macro averages of all settings at a glance. */
  readonly table: "labels" | "macro";
  /** Whether it is what the published numbers are about. */
  readonly published?: boolean;
  /** Whether the differences of every label are shown, rather than those of the macro averages alone. */
  readonly comparePerLabel?: boolean;
  readonly parts: (context: ExperimentContext) => readonly Part[];
  /** What it found, in words. */
  readonly conclude?: (measured: Measured) => string;
}
