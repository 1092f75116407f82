/**
 * The schema of `results.json`: the measurements of an evaluation, with everything a report needs.
 *
 * A file holds one run (`deno task train`, `deno task evaluate`) or several (an experiment, a comparison). Scores are
 * stored per study, so that any curve, interval or subgroup can be computed from the file alone. Undefined values (the
 * AUROC of a label with one class) are `null`, never NaN.
 *
 * @module
 */
import { z } from "zod";

/** Version of the schema; files of another version are rejected. */
export const RESULTS_VERSION = 1;

/** A value with a percentile interval; all `null` if the value is undefined. */
export interface Interval {
  /** The value on all cases. */
  value: number | null;
  /** Lower end of the 95% interval. */
  low: number | null;
  /** Upper end of the 95% interval. */
  high: number | null;
}

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
}

/** What a run makes of the texts: its view of them and its vocabulary. */
export interface TextViewRecord {
  /** Name of the view. */
  view: string;
  /** Number of different tokens. */
  vocabulary: number;
  /** Tokens of a text, its end included. */
  length: number;
  /** By split: texts and their words, words that are not in the vocabulary, and texts that `length` cuts. */
  splits: {
    split: string;
    texts: number;
    words: number;
    unknown: number;
    cut: number;
  }[];
}

/** What the runs were trained and evaluated on. */
export interface DataRecord {
  /** `phantoms`, `mimic-cxr`, `chexpert`, `csv`, `mnist-pairs`. */
  dataset: string;
  /** True if no picture shows a patient (phantoms, MNIST), so that pictures may be embedded. */
  synthetic: boolean;
  /** Names of the views. */
  views: string[];
  /** Names of the labels. */
  labels: string[];
  /** Where the labels come from. */
  labelSource: string;
  /** How uncertain labels are read. */
  uncertainPolicy: string;
  /** How blank labels are read. */
  blankPolicy: string;
  /** How patients are split. */
  splitPolicy: string;
  /** How the images of a study are paired. */
  pairPolicy: string;
  /** Side of the square images in pixels. */
  imageSize: number;
  /** The cohort flow: the size after each selection step, and the reason for the exclusions. */
  cohort: {
    step: string;
    reason: string;
    images: number;
    studies: number;
    subjects: number;
  }[];
  /** Numbers of patients, studies and pairs by split. */
  splits: {
    split: string;
    subjects: number;
    studies: number;
    pairs: number;
  }[];
  /** Label states by split, counted by study. */
  prevalence: {
    label: string;
    split: string;
    positive: number;
    negative: number;
    uncertain: number;
    blank: number;
  }[];
  /** Images by view, view position and split. */
  viewMix: {
    view: string;
    position: string;
    split: string;
    images: number;
  }[];
  /** Number of patients shared by two splits; must be zero. */
  patientOverlap: {
    a: string;
    b: string;
    subjects: number;
  }[];
  /** The studies' reports; absent if none were read. */
  texts?: TextRecord | undefined;
  /** What a run with a view of texts makes of them. */
  textView?: TextViewRecord | undefined;
}

/** What was found of texts, counted by study. */
export interface TextCountRecord {
  /** Number of studies. */
  studies: number;
  /** Studies with a text. */
  texts: number;
  /** Number of texts by the section that they were taken from. */
  origins: Record<string, number>;
  /** Studies without a report. */
  noReport: number;
  /** Studies whose report lacks the section. */
  noSection: number;
  /** Studies whose file holds several reports. */
  severalReports: number;
  /** Studies whose report has an addendum. */
  addenda: number;
}

/** Where the studies' texts come from and how long they are. */
export interface TextRecord {
  /** The sections that were asked for. */
  section: string;
  /** What was found for all studies listed, whether or not they have images. */
  listed: TextCountRecord;
  /** What was found for the studies in pairs. */
  counts: TextCountRecord;
  /** Number of words of a text, by split; absent for a split without texts. */
  lengths: {
    split: string;
    texts: number;
    min?: number | undefined;
    median?: number | undefined;
    mean?: number | undefined;
    p95?: number | undefined;
    max?: number | undefined;
  }[];
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
}

const intervalSchema: z.ZodType<Interval> = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});

const labelMetricsSchema: z.ZodType<LabelMetrics> = z.object({
  label: z.string(),
  positives: z.int().nonnegative(),
  negatives: z.int().nonnegative(),
  auroc: intervalSchema,
  averagePrecision: intervalSchema,
  threshold: z.number().nullable(),
  f1: z.number().nullable(),
  sensitivityAt90Specificity: z.number().nullable(),
  brier: z.number().nullable(),
  reliability: z.array(z.object({ predicted: z.number(), observed: z.number(), count: z.int() })),
});

/** Checks {@linkcode Evaluation}. */
export const evaluationSchema: z.ZodType<Evaluation> = z.object({
  run: z.string(),
  method: z.string(),
  seed: z.int(),
  view: z.string(),
  probe: z.enum(["logistic-regression", "random-forest", "supervised"]),
  latents: z.enum(["unimodal", "aggregate", "none"]),
  labelledFraction: z.number().gt(0).lte(1),
  labelledStudies: z.int().nonnegative(),
  probeSeed: z.int(),
  setting: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  cases: z.string(),
  scores: z.array(z.array(z.number()).nullable()),
  metrics: z.array(labelMetricsSchema),
  macro: z.object({
    auroc: intervalSchema,
    averagePrecision: intervalSchema,
    labels: z.array(z.string()),
    excluded: z.array(z.string()),
  }),
  accuracy: intervalSchema.optional(),
});

const casesSchema: z.ZodType<Cases> = z.object({
  id: z.string(),
  split: z.string(),
  studyIds: z.array(z.string()),
  subjectIds: z.array(z.string()),
  viewPositions: z.array(z.string()),
  labels: z.array(z.array(z.union([z.literal(0), z.literal(1), z.null()]))),
});

/** Checks {@linkcode Comparison}. */
export const comparisonSchema: z.ZodType<Comparison> = z.object({
  view: z.string(),
  label: z.string().nullable(),
  labelledFraction: z.number(),
  probe: z.string(),
  latents: z.string().optional(),
  setting: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  baseline: z.string(),
  method: z.string(),
  difference: intervalSchema,
  p: z.number().nullable(),
  pHolm: z.number().nullable(),
  test: z.enum(["paired-bootstrap", "delong"]),
});

const trainingSchema: z.ZodType<TrainingSeries> = z.object({
  step: z.array(z.int()),
  loss: z.array(z.number()),
  reconstruction: z.array(z.number()),
  views: z.record(z.string(), z.array(z.number())).exactOptional(),
  kl: z.array(z.number()),
  alpha: z.array(z.number()),
  studiesPerSecond: z.array(z.number()),
});

const runSchema: z.ZodType<RunRecord> = z.object({
  name: z.string(),
  method: z.string(),
  seed: z.int(),
  createdAt: z.string(),
  commands: z.array(z.string()),
  config: z.record(z.string(), z.unknown()),
  versions: z.record(z.string(), z.string()),
  adapter: z.object({ description: z.string(), profile: z.string() }),
  seconds: z.record(z.string(), z.number()),
  parameters: z.int(),
  training: trainingSchema,
});

const textViewSchema: z.ZodType<TextViewRecord> = z.object({
  view: z.string(),
  vocabulary: z.int(),
  length: z.int(),
  splits: z.array(
    z.object({ split: z.string(), texts: z.int(), words: z.int(), unknown: z.int(), cut: z.int() }),
  ),
});

/** What was found of texts, counted by study. */
const textCountSchema = z.object({
  studies: z.int(),
  texts: z.int(),
  origins: z.record(z.string(), z.int()),
  noReport: z.int(),
  noSection: z.int(),
  severalReports: z.int(),
  addenda: z.int(),
});

/** Checks {@linkcode DataRecord}. */
export const dataSchema: z.ZodType<DataRecord> = z.object({
  dataset: z.string(),
  synthetic: z.boolean(),
  views: z.array(z.string()),
  labels: z.array(z.string()),
  labelSource: z.string(),
  uncertainPolicy: z.string(),
  blankPolicy: z.string(),
  splitPolicy: z.string(),
  pairPolicy: z.string(),
  imageSize: z.int(),
  cohort: z.array(z.object({
    step: z.string(),
    reason: z.string(),
    images: z.int(),
    studies: z.int(),
    subjects: z.int(),
  })),
  splits: z.array(z.object({ split: z.string(), subjects: z.int(), studies: z.int(), pairs: z.int() })),
  prevalence: z.array(z.object({
    label: z.string(),
    split: z.string(),
    positive: z.int(),
    negative: z.int(),
    uncertain: z.int(),
    blank: z.int(),
  })),
  viewMix: z.array(z.object({ view: z.string(), position: z.string(), split: z.string(), images: z.int() })),
  patientOverlap: z.array(z.object({ a: z.string(), b: z.string(), subjects: z.int() })),
  texts: z.object({
    section: z.string(),
    listed: textCountSchema,
    counts: textCountSchema,
    lengths: z.array(z.object({
      split: z.string(),
      texts: z.int(),
      min: z.int().optional(),
      median: z.int().optional(),
      mean: z.number().optional(),
      p95: z.int().optional(),
      max: z.int().optional(),
    })),
  }).optional(),
  textView: textViewSchema.optional(),
});

const picturesSchema: z.ZodType<Pictures> = z.object({
  run: z.string(),
  kind: z.enum(["reconstruction", "translation"]),
  from: z.string(),
  to: z.string(),
  fromKind: z.literal("text").exactOptional(),
  toKind: z.literal("text").exactOptional(),
  size: z.int(),
  items: z.array(z.object({ input: z.string(), target: z.string(), output: z.string() })),
});

const projectionSchema: z.ZodType<Projection> = z.object({
  run: z.string(),
  view: z.string(),
  kind: z.enum(["pca", "umap"]),
  cases: z.string(),
  x: z.array(z.number()),
  y: z.array(z.number()),
  explained: z.array(z.number()).optional(),
});

/** Checks {@linkcode Results}. */
export const resultsSchema: z.ZodType<Results> = z.object({
  schema: z.literal("mmvm-results"),
  version: z.literal(RESULTS_VERSION),
  title: z.string(),
  createdAt: z.string(),
  data: dataSchema,
  runs: z.array(runSchema).min(1),
  cases: z.array(casesSchema),
  evaluations: z.array(evaluationSchema),
  comparisons: z.array(comparisonSchema),
  pictures: z.array(picturesSchema),
  projections: z.array(projectionSchema),
});

/** The first file's description of the data, and what the first run with a view of texts says of them. */
export function sharedData(all: readonly Results[]): DataRecord {
  const [first] = all;
  const described = all.find(({ data }) => data.textView !== undefined)?.data;
  if (described === undefined) return first!.data;
  return { ...first!.data, textView: described.textView, texts: described.texts };
}
