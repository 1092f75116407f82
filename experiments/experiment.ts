/**
 * The declaration of an experiment: arms to train and measure, and how to present them.
 *
 * @module
 */
import type { GroupBy } from "../eval/results/evaluation_groups.ts";
import type { Probe } from "../eval/protocol/probe.ts";
import type { Comparison, Evaluation, Results } from "../eval/results/results.ts";
import type { DATASETS } from "../data/mod.ts";
import type { DegradedView } from "../training/data/degraded_view.ts";
import type { DataConfig, ModelConfig, RunConfig, TrainingConfig } from "../training/run/run_config.ts";

/** `smoke` tests the pipeline, `small` gives meaningful rankings without a GPU, `paper` is the published setting. */
export const SCALES = ["smoke", "small", "paper"] as const;
/** One of {@linkcode SCALES}. */
export type ScaleName = typeof SCALES[number];

/** The configuration shared by the runs of an experiment. */
export interface Base {
  /** Kind of data set. */
  readonly dataset: typeof DATASETS[number];
  /** Size of the runs. */
  readonly scale: ScaleName;
  /** The data and how to read them. */
  readonly data: DataConfig;
  /** Network and sizes, without the method. */
  readonly model: Omit<ModelConfig, "method">;
  /** Training of VAEs; `alphaSteps` applies if `alphaShare` is absent. */
  readonly training: Omit<TrainingConfig, "seed">;
  /** Fraction of all steps over which alpha is annealed. */
  readonly alphaShare?: number;
  /** Overrides for supervised classifiers. */
  readonly supervised: Partial<TrainingConfig>;
  /** Names of the data set's views. */
  readonly views: readonly [string, string, ...string[]];
  /** Seeds of the runs. */
  readonly seeds: readonly number[];
  /** The probe. */
  readonly probe: Probe;
  /** Default fraction of the training patients whose labels are used. */
  readonly labelled: number;
  /** Fractions used by experiments that vary it. */
  readonly fractions: readonly number[];
  /** Fraction used by experiments on few labels. */
  readonly few: number;
  /** Resamples of the bootstrap. */
  readonly resamples: number;
  /** The test set, if it is not the data's own test split. */
  readonly test?: TestSet;
}

/** Studies that replace the test split: all of another folder, in the same layout. */
export interface TestSet {
  /** The folder. */
  readonly root: string;
}

/** A run to train. */
export interface RunPlan {
  /** The configuration; `alphaSteps` is 0 if `alphaShare` determines it. */
  readonly config: RunConfig;
  /** Fraction of all steps over which alpha is annealed; the number of steps depends on the data. */
  readonly alphaShare?: number;
}

/** How to measure a trained run. */
export interface EvaluationPlan {
  /** The probe. */
  readonly probe: Probe;
  /** Fractions of the training patients whose labels the probes use; a classifier's is part of its configuration. */
  readonly labelledFractions: readonly number[];
  /** Seeds of the labelled subset and the probe. */
  readonly probeSeeds: readonly number[];
  /** Resamples of the bootstrap. */
  readonly resamples: number;
  /** Flips labels on which probes are trained; a classifier's label noise is part of its configuration. */
  readonly labelNoise?: { readonly share: number; readonly seed: number };
  /** Makes a view worse on which the trained run is measured; what a run is trained on is part of its configuration. */
  readonly degraded?: DegradedView;
  /** Studies to score instead of the data's own test split. */
  readonly test?: TestSet;
  /** Also measures reconstructions and translations, by this run of `supervised`, which is trained first. */
  readonly generative?: { readonly judge: RunPlan };
  /** Also measures the floors of this run. */
  readonly floors?: true;
}

/** A run, its measurement, and the setting under which it is shown. */
export interface Arm {
  /** The run to train. */
  readonly run: RunPlan;
  /** How to measure it. */
  readonly evaluation: EvaluationPlan;
  /** The setting under which it is shown. */
  readonly setting?: Evaluation["setting"];
}

/** Arms on one data set, shown in one report. */
export interface Part {
  /** Name of its folder (followed by the scale) and of its report. */
  readonly name: string;
  /** The runs and how to measure them. */
  readonly arms: readonly Arm[];
}

/** Measurements, from which conclusions are drawn. */
export interface Measured {
  /** The results of all runs. */
  readonly results: Results;
  /** Paired differences between the runs. */
  readonly comparisons: readonly Comparison[];
}

/** How phantoms differ from those of a scale. */
export interface PhantomVariant {
  /** How many times as many studies to train on; 1 by default. */
  readonly times?: number;
  /** Probability of each finding to show only faintly in one of the two views; 0 by default. */
  readonly faintFindings?: number;
}

/** The data set and scale of an experiment. */
export interface ExperimentContext {
  /** Size of the runs. */
  readonly scale: ScaleName;
  /** The base of every run on the requested data set. */
  readonly base: Base;
  /** Returns the base on another data set at the same scale, with that data set's test set. */
  readonly on: (dataset: Base["dataset"]) => Base;
  /**
   * Returns the base on phantoms that are drawn otherwise, with a test set drawn likewise; absent where the requested
   * data are no phantoms that can be drawn.
   */
  readonly phantoms?: (variant: PhantomVariant) => Base;
}

/** Another experiment, all of whose arms, or those of some methods, are arms of an experiment. */
export interface Inclusion {
  /** Its name. */
  readonly experiment: string;
  /** The methods; all by default. */
  readonly methods?: readonly string[];
}

/** An experiment. */
export interface Experiment {
  /** Name on the command line. */
  readonly name: string;
  /** One line for help texts. */
  readonly summary: string;
  /** What is compared. */
  readonly by: GroupBy;
  /** Whether its tables show every label, or macro averages of all settings. */
  readonly table: "labels" | "macro";
  /** Whether it corresponds to the published numbers. */
  readonly published?: boolean;
  /** Whether differences are shown for every label rather than only for macro averages. */
  readonly comparePerLabel?: boolean;
  /** Experiments whose arms are also its own, so that what is kept of them is part of its evidence. */
  readonly includes?: readonly Inclusion[];
  /** The arms, by data set; no parts if the data set cannot have them. */
  readonly parts: (context: ExperimentContext) => readonly Part[];
  /** Summarises the findings as text. */
  readonly conclude?: (measured: Measured) => string;
}
