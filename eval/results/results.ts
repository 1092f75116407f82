/**
 * The contents of `results.json`: the measurements of an evaluation, with everything a report needs.
 *
 * A file holds one run (`deno task train`, `deno task evaluate`) or several (an experiment, a comparison). Scores are
 * stored per study, so that any curve, interval or subgroup can be computed from the file alone. Undefined values (the
 * AUROC of a label with one class) are `null`, never NaN.
 *
 * @module
 */
import type { AugmentedPictures } from "./augmentation_record.ts";
import type { DataRecord } from "./data_record.ts";
import type { Generative } from "./generative_record.ts";
import type { Interval } from "./interval.ts";
import type { LabelSetScores } from "./label_set_record.ts";
import type { SubgroupRecord } from "./subgroup_record.ts";

export type { Interval } from "./interval.ts";

/** Version of the schema; files of another version are rejected. */
export const RESULTS_VERSION = 1;

/** Metrics of one classifier for one label on the test split. */
export interface LabelMetrics {
  /** Name of the label. */
  label: string;
  /** Number of positive cases. */
  positives: number;
  /** Number of negative cases. */
  negatives: number;
  /** Area under the ROC curve in [0, 1]; `null` with only one class. */
  auroc: Interval;
  /** Average precision, by label and resample. */
  averagePrecision: Interval;
  /** Decision threshold on the score, chosen on the validation split (`null` if validation has only one class). */
  threshold: number | null;
  /** F1 at the threshold. */
  f1: number | null;
  /** Highest sensitivity at a specificity of at least 0.9. */
  sensitivityAt90Specificity: number | null;
  /** Brier score. */
  brier: number | null;
  /** Reliability curve: per non-empty bin, the mean predicted probability, the observed frequency and the count. */
  reliability: {
    predicted: number;
    observed: number;
    count: number;
  }[];
  /** Calibration before and after temperature scaling; absent in older files and without a classifier. */
  calibration?: LabelCalibration | undefined;
}

/** Calibration of one classifier for one label on the test split. */
export interface LabelCalibration {
  /** Expected calibration error over bins of equal mass; `null` if no case has a label. */
  error: number | null;
  /**
   * Temperature fitted to the validation split, by label, or for mutually exclusive labels by all of them; `null` if
   * validation lacks a class.
   */
  temperature: number | null;
  /** The same measurements at that temperature; `null` without one. */
  scaled: {
    error: number | null;
    brier: number | null;
    reliability: LabelMetrics["reliability"];
  } | null;
}

/** One set of classifiers (one per label) on one view of one run at one labelled fraction. */
export interface Evaluation {
  /** Name of the run whose encoder was used; refers to `runs[].name`. */
  run: string;
  /** Method of the run. */
  method: string;
  /** Seed of the run (initialisation and batches). */
  seed: number;
  /** `frontal`, `lateral`, ...; `ensemble` or `joint` if several views were combined. */
  view: string;
  /** The kind of classifier that produced the scores. */
  probe: "logistic-regression" | "random-forest" | "supervised";
  /** Latents before (`unimodal`) or after (`aggregate`) aggregation; `none` for supervised classifiers. */
  latents: "unimodal" | "aggregate" | "none";
  /** Fraction of the training patients whose labels were used, in (0, 1]. */
  labelledFraction: number;
  /** Number of training studies whose labels were used. */
  labelledStudies: number;
  /** Seed of the labelled subset and the probe. */
  probeSeed: number;
  /** A setting varied by an experiment, for example `{ "label-noise": 0.2 }`. */
  setting: Record<string, string | number>;
  /** Refers to `cases[].id`: the studies, in order, to which `scores` refer. */
  cases: string;
  /**
   * Per label (in the order of `data.labels`), the probability of each case, or `null` if no classifier could be
   * fitted.
   */
  scores: (number[] | null)[];
  /** Metrics of each step. */
  metrics: LabelMetrics[];
  /** Means over the labels that have a value. */
  macro: {
    auroc: Interval;
    averagePrecision: Interval;
    /** Labels included in the mean, and those excluded because they have only one class. */
    labels: string[];
    excluded: string[];
  };
  /** Fraction of cases whose highest-scored label is the true one; only for mutually exclusive labels (digits). */
  accuracy?: Interval | undefined;
  /** Scores by age, sex and race; absent if no table has them, and in older files. */
  subgroups?: SubgroupRecord[] | undefined;
  /** Scores under a second label set of the test studies; absent without one. */
  labelSets?: LabelSetScores | undefined;
}

/** The studies to which scores refer, one entry each. */
export interface Cases {
  /** Identifier, to which evaluations refer. */
  id: string;
  /** Split of the pairs. */
  split: string;
  /** Study and subject identifiers as in the data set; private. */
  studyIds: string[];
  /** Patient identifiers. */
  subjectIds: string[];
  /** Frontal view position of the study (`AP`, `PA`, ...), or an empty string. */
  viewPositions: string[];
  /** Per label and study: 1, 0, or `null` if the label policy ignores it. */
  labels: ((0 | 1 | null)[])[];
}

/** The difference between two methods that were trained with one seed. */
export interface SeedDifference {
  /** The seed of both runs. */
  readonly seed: number;
  /** AUROC of `method` minus AUROC of `baseline`. */
  readonly value: number;
}

/** A paired difference of two methods on the same cases and resamples. */
export interface Comparison {
  /** Name of the view. */
  view: string;
  /** A label, or `null` for the macro average. */
  label: string | null;
  /** Fraction of the training patients whose labels were used, in (0, 1]. */
  labelledFraction: number;
  /** The probe. */
  probe: string;
  /** The probe's latents; absent for supervised classifiers and in older files. */
  latents?: string | undefined;
  /** The setting shared by both; absent if there is none. */
  setting?: Record<string, string | number> | undefined;
  /** Method that is compared with. */
  baseline: string;
  /** Method of the run. */
  method: string;
  /** AUROC of `method` minus AUROC of `baseline`. */
  difference: Interval;
  /** The difference for each seed that both were trained with; only in comparisons of records. */
  bySeed?: readonly SeedDifference[] | undefined;
  /**
   * Two-sided p-value of the paired bootstrap (or DeLong where cases are independent), before and after Holm's
   * correction.
   */
  p: number | null;
  /** The p-value after Holm's correction. */
  pHolm: number | null;
  /** The test that gave the p-value. */
  test: "paired-bootstrap" | "delong";
}

/** Training curves, one value per logged step. */
export interface TrainingSeries {
  /** Number of the step, from 0. */
  step: number[];
  /** Training loss. */
  loss: number[];
  /** Negative log-likelihood of the pixels; empty for classifiers. */
  reconstruction: number[];
  /** Negative log-likelihood of each view, by name; absent unless the run has a text among several views. */
  views?: Record<string, number[]>;
  /** Divergence, before beta. */
  kl: number[];
  /** Weight of the standard normal prior. */
  alpha: number[];
  /** Studies per second since the last logged step. */
  studiesPerSecond: number[];
  /** Learning rate; absent if it was the same in all steps. */
  learningRate?: number[];
  /** Curves of the validations in training; absent if there were none. */
  validation?: ValidationSeries;
}

/** Curves of validations, one value per validation; those that a run does not measure are empty. */
export interface ValidationSeries {
  /** Steps done before it. */
  step: number[];
  /** Validation loss, with the weights of the run's last step. */
  loss: number[];
  /** Negative log-likelihood, weighted. */
  reconstruction: number[];
  /** Divergence, before beta. */
  kl: number[];
  /** Macro AUROC by view, and their mean. */
  auroc: Record<string, number[]>;
  /** KL between two views' posteriors in nats, by direction: `frontal || lateral`. */
  divergences: Record<string, number[]>;
  /** The ratio of the two directions: `frontal / lateral` is KL(frontal || lateral) / KL(lateral || frontal). */
  ratios: Record<string, number[]>;
  /** Each view's responsibility in the mixture of all views' posteriors. */
  responsibility: Record<string, number[]>;
  /** Each view's number of active latent units. */
  activeUnits: Record<string, number[]>;
}

/** One trained run. */
export interface RunRecord {
  /** Name of the run. */
  name: string;
  /** Method of the run. */
  method: string;
  /** Random seed. */
  seed: number;
  /** When it was made, ISO 8601. */
  createdAt: string;
  /** Command lines that reproduce the run. */
  commands: string[];
  /** The resolved configuration, as in the run's config.json. */
  config: Record<string, unknown>;
  /** Versions of software to record with the results. */
  versions: Record<string, string>;
  /** The WebGPU adapter and its kernel profile. */
  adapter: {
    description: string;
    profile: string;
  };
  /** Seconds by stage: prepare, train, encode, probe. */
  seconds: Record<string, number>;
  /** Number of trained parameters. */
  parameters: number;
  /** Training curves. */
  training: TrainingSeries;
  /** What of the training was out of bounds, one sentence each; absent if nothing was. */
  findings?: string[];
  /** The checkpoint that was evaluated; absent in older files, which have the last one. */
  checkpoint?: {
    /** The last one, or the one that was best by validation. */
    which: "last" | "best";
    /** Steps done before it. */
    step: number;
  };
}

/** Pictures, present only if requested. */
export interface Pictures {
  /** The run. */
  run: string;
  /** `reconstruction` (view -> itself) or `translation` (view -> another). */
  kind: "reconstruction" | "translation";
  /** View that is encoded. */
  from: string;
  /** View that is decoded. */
  to: string;
  /** `text` if `from` is a text, whose items are words; absent for images. */
  fromKind?: "text";
  /** The same of `to`. */
  toKind?: "text";
  /** Side in pixels. */
  size: number;
  /** PNG files in base64, or texts: the input, the true target, the output. */
  items: {
    input: string;
    target: string;
    output: string;
  }[];
}

/** A two-dimensional projection of test latents. */
export interface Projection {
  /** The run. */
  run: string;
  /** Name of the view. */
  view: string;
  /** How it was computed. */
  kind: "pca" | "umap";
  /** The studies to which the scores refer. */
  cases: string;
  /** Horizontal positions, one per case. */
  x: number[];
  /** Vertical positions, one per case. */
  y: number[];
  /** For PCA, the fraction of variance explained by each axis. */
  explained?: number[] | undefined;
}

/** The whole file. */
export interface Results {
  /** Kind of the file. */
  schema: "mmvm-results";
  /** Version of the schema. */
  version: typeof RESULTS_VERSION;
  /** Title of the report. */
  title: string;
  /** When it was made, ISO 8601. */
  createdAt: string;
  /** The data, opened by {@linkcode openRunData}. */
  data: DataRecord;
  /** The runs, at least one. */
  runs: RunRecord[];
  /** The studies to which the scores refer. */
  cases: Cases[];
  /** One evaluation per view, labelled fraction and probe seed. */
  evaluations: Evaluation[];
  /** Paired differences between the runs. */
  comparisons: Comparison[];
  /** Pictures, if requested. */
  pictures: Pictures[];
  /** Projections of test latents. */
  projections: Projection[];
  /** What runs generate, if it was measured. */
  generative?: Generative[] | undefined;
  /** What augmentation does, if pictures were requested; absent if no run augments its images. */
  augmentations?: AugmentedPictures[] | undefined;
}

/** The first file's description of the data, and what the first run with a view of texts says of them. */
export function sharedData(all: readonly Results[]): DataRecord {
  const [first] = all;
  const described = all.find(({ data }) => data.textView !== undefined)?.data;
  if (described === undefined) return first!.data;
  return { ...first!.data, textView: described.textView, texts: described.texts };
}
