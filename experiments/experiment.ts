/**
 * What an experiment is: arms to train and measure, and what to make of them.
 *
 * @module
 */
import type { GroupBy } from "../eval/results/evaluation_groups.ts";
import type { Probe } from "../eval/protocol/probe.ts";
import type { Comparison, Evaluation, Results } from "../eval/results/results_schema.ts";
import type { DATASETS } from "../data/mod.ts";
import type { DataConfig, ModelConfig, RunConfig, TrainingConfig } from "../training/run/run_config.ts";

/** `smoke` proves the plumbing, `small` gives orderings on a machine without GPU, `paper` is the published setting. */
export const SCALES = ["smoke", "small", "paper"] as const;
export type ScaleName = typeof SCALES[number];

/** What the runs of an experiment have in common. */
export interface Base {
  readonly dataset: typeof DATASETS[number];
  readonly scale: ScaleName;
  readonly data: DataConfig;
  readonly model: Omit<ModelConfig, "method">;
  /** Of VAEs; `alphaSteps` counts where `alphaShare` is absent. */
  readonly training: Omit<TrainingConfig, "seed">;
  readonly alphaShare?: number;
  /** What differs for supervised classifiers. */
  readonly supervised: Partial<TrainingConfig>;
  /** Names of the data's views. */
  readonly views: readonly [string, string, ...string[]];
  readonly seeds: readonly number[];
  readonly probe: Probe;
  /** Share of the training patients whose labels are used where an experiment does not vary it. */
  readonly labelled: number;
  /** Shares that are tried where one does. */
  readonly fractions: readonly number[];
  /** The few labels of a head to head. */
  readonly few: number;
  readonly resamples: number;
}

/** A run to train. */
export interface RunPlan {
  /** With `alphaSteps` 0 if `alphaShare` says how many there are. */
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
