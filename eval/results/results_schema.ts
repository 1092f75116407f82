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
const intervalSchema = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});

/** Metrics of one classifier for one label on the test split. */
const labelMetricsSchema = z.object({
  label: z.string(),
  positives: z.int().nonnegative(),
  negatives: z.int().nonnegative(),
  /** Area under the ROC curve in [0, 1]; `null` with only one class. */
  auroc: intervalSchema,
  averagePrecision: intervalSchema,
  /** Decision threshold on the score, chosen on the validation split (`null` if validation has only one class). */
  threshold: z.number().nullable(),
  f1: z.number().nullable(),
  /** Highest sensitivity at a specificity of at least 0.9. */
  sensitivityAt90Specificity: z.number().nullable(),
  /** Brier score. */
  brier: z.number().nullable(),
  /** Reliability curve: per non-empty bin, the mean predicted probability, the observed frequency and the count. */
  reliability: z.array(z.object({ predicted: z.number(), observed: z.number(), count: z.int() })),
});

/** One set of classifiers (one per label) on one view of one run at one labelled fraction. */
export const evaluationSchema = z.object({
  /** Name of the run whose encoder was used; refers to `runs[].name`. */
  run: z.string(),
  method: z.string(),
  /** Seed of the run (initialisation and batches). */
  seed: z.int(),
  /** `frontal`, `lateral`, ...; `ensemble` or `joint` if several views were combined. */
  view: z.string(),
  /** The kind of classifier that produced the scores. */
  probe: z.enum(["logistic-regression", "random-forest", "supervised"]),
  /** Latents before (`unimodal`) or after (`aggregate`) aggregation; `none` for supervised classifiers. */
  latents: z.enum(["unimodal", "aggregate", "none"]),
  /** Fraction of the training patients whose labels were used, in (0, 1]. */
  labelledFraction: z.number().gt(0).lte(1),
  labelledStudies: z.int().nonnegative(),
  /** Seed of the labelled subset and the probe. */
  probeSeed: z.int(),
  /** A setting varied by an experiment, for example `{ "label-noise": 0.2 }`. */
  setting: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  /** Refers to `cases[].id`: the studies, in order, to which `scores` refer. */
  cases: z.string(),
  /**
   * Per label (in the order of `data.labels`), the probability of each case, or `null` if no classifier could be
   * fitted.
   */
  scores: z.array(z.array(z.number()).nullable()),
  metrics: z.array(labelMetricsSchema),
  macro: z.object({
    auroc: intervalSchema,
    averagePrecision: intervalSchema,
    /** Labels included in the mean, and those excluded because they have only one class. */
    labels: z.array(z.string()),
    excluded: z.array(z.string()),
  }),
  /** Fraction of cases whose highest-scored label is the true one; only for mutually exclusive labels (digits). */
  accuracy: intervalSchema.optional(),
});

/** The studies to which scores refer, one entry each. */
const casesSchema = z.object({
  id: z.string(),
  split: z.string(),
  /** Study and subject identifiers as in the data set; private. */
  studyIds: z.array(z.string()),
  subjectIds: z.array(z.string()),
  /** Frontal view position of the study (`AP`, `PA`, ...), or an empty string. */
  viewPositions: z.array(z.string()),
  /** Per label and study: 1, 0, or `null` if the label policy ignores it. */
  labels: z.array(z.array(z.union([z.literal(0), z.literal(1), z.null()]))),
});

/** A paired difference of two methods on the same cases and resamples. */
export const comparisonSchema = z.object({
  view: z.string(),
  /** A label, or `null` for the macro average. */
  label: z.string().nullable(),
  labelledFraction: z.number(),
  probe: z.string(),
  /** The probe's latents; absent for supervised classifiers and in older files. */
  latents: z.string().optional(),
  /** The setting shared by both; absent if there is none. */
  setting: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  baseline: z.string(),
  method: z.string(),
  /** AUROC of `method` minus AUROC of `baseline`. */
  difference: intervalSchema,
  /**
   * Two-sided p-value of the paired bootstrap (or DeLong where cases are independent), before and after Holm's
   * correction.
   */
  p: z.number().nullable(),
  pHolm: z.number().nullable(),
  test: z.enum(["paired-bootstrap", "delong"]),
});

/** Training curves, one value per logged step. */
const trainingSchema = z.object({
  step: z.array(z.int()),
  loss: z.array(z.number()),
  reconstruction: z.array(z.number()),
  kl: z.array(z.number()),
  alpha: z.array(z.number()),
  studiesPerSecond: z.array(z.number()),
});

/** One trained run. */
const runSchema = z.object({
  name: z.string(),
  method: z.string(),
  seed: z.int(),
  createdAt: z.string(),
  /** Command lines that reproduce the run. */
  commands: z.array(z.string()),
  /** The resolved configuration, as in the run's config.json. */
  config: z.record(z.string(), z.unknown()),
  versions: z.record(z.string(), z.string()),
  adapter: z.object({ description: z.string(), profile: z.string() }),
  /** Seconds by stage: prepare, train, encode, probe. */
  seconds: z.record(z.string(), z.number()),
  parameters: z.int(),
  training: trainingSchema,
});

/** What the runs were trained and evaluated on. */
export const dataSchema = z.object({
  /** `phantoms`, `mimic-cxr`, `chexpert`, `csv`, `mnist-pairs`. */
  dataset: z.string(),
  /** True if no picture shows a patient (phantoms, MNIST), so that pictures may be embedded. */
  synthetic: z.boolean(),
  views: z.array(z.string()),
  labels: z.array(z.string()),
  labelSource: z.string(),
  uncertainPolicy: z.string(),
  blankPolicy: z.string(),
  splitPolicy: z.string(),
  pairPolicy: z.string(),
  imageSize: z.int(),
  /** The cohort flow: the size after each selection step, and the reason for the exclusions. */
  cohort: z.array(z.object({
    step: z.string(),
    reason: z.string(),
    images: z.int(),
    studies: z.int(),
    subjects: z.int(),
  })),
  splits: z.array(z.object({ split: z.string(), subjects: z.int(), studies: z.int(), pairs: z.int() })),
  /** Label states by split, counted by study. */
  prevalence: z.array(z.object({
    label: z.string(),
    split: z.string(),
    positive: z.int(),
    negative: z.int(),
    uncertain: z.int(),
    blank: z.int(),
  })),
  viewMix: z.array(z.object({ view: z.string(), position: z.string(), split: z.string(), images: z.int() })),
  /** Number of patients shared by two splits; must be zero. */
  patientOverlap: z.array(z.object({ a: z.string(), b: z.string(), subjects: z.int() })),
});

/** Pictures, present only if requested. */
const picturesSchema = z.object({
  run: z.string(),
  /** `reconstruction` (view -> itself) or `translation` (view -> another). */
  kind: z.enum(["reconstruction", "translation"]),
  from: z.string(),
  to: z.string(),
  size: z.int(),
  /** PNG files in base64: the input, the true target, the output. */
  items: z.array(z.object({ input: z.string(), target: z.string(), output: z.string() })),
});

/** A two-dimensional projection of test latents. */
const projectionSchema = z.object({
  run: z.string(),
  view: z.string(),
  kind: z.enum(["pca", "umap"]),
  cases: z.string(),
  x: z.array(z.number()),
  y: z.array(z.number()),
  /** For PCA, the fraction of variance explained by each axis. */
  explained: z.array(z.number()).optional(),
});

/** The whole file. */
export const resultsSchema = z.object({
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

export type Interval = z.infer<typeof intervalSchema>;
export type LabelMetrics = z.infer<typeof labelMetricsSchema>;
export type Evaluation = z.infer<typeof evaluationSchema>;
export type Cases = z.infer<typeof casesSchema>;
export type Comparison = z.infer<typeof comparisonSchema>;
export type TrainingSeries = z.infer<typeof trainingSchema>;
export type RunRecord = z.infer<typeof runSchema>;
export type DataRecord = z.infer<typeof dataSchema>;
export type Pictures = z.infer<typeof picturesSchema>;
export type Projection = z.infer<typeof projectionSchema>;
export type Results = z.infer<typeof resultsSchema>;
