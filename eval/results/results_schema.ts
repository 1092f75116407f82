/**
 * The schema of `results.json`: what evaluation measured, with everything a report needs to recompute its figures.
 *
 * A file holds one run (`deno task train`, `deno task evaluate`) or several (an experiment, a comparison). Scores are kept
 * per study, so that any curve, interval or subgroup can be computed again from the file alone. Numbers are plain JSON
 * numbers; a value that does not exist (the AUROC of a label with one class) is `null`, never NaN.
 *
 * @module
 */
import { z } from "zod";

/** Version of the schema below; a file of another version is refused by name. */
export const RESULTS_VERSION = 1;

/** A value with a percentile interval, both `null` where the value is undefined. */
export const intervalSchema = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});

/** What one classifier achieved for one label on the test split. */
export const labelMetricsSchema = z.object({
  label: z.string(),
  positives: z.int().nonnegative(),
  negatives: z.int().nonnegative(),
  /** Area under the ROC curve in [0, 1]; `null` with one class only. */
  auroc: intervalSchema,
  averagePrecision: intervalSchema,
  /** Decision threshold on the score, chosen on the validation split (`null` where validation has one class only). */
  threshold: z.number().nullable(),
  f1: z.number().nullable(),
  /** Sensitivity at the threshold where specificity is at least 0.9. */
  sensitivityAt90Specificity: z.number().nullable(),
  /** Brier score of the scores, which are probabilities. */
  brier: z.number().nullable(),
  /** Reliability curve: per non-empty bin the mean predicted probability, the observed frequency and the count. */
  reliability: z.array(z.object({ predicted: z.number(), observed: z.number(), count: z.int() })),
});

/** One classifier family (a label each) on one view of one run at one amount of labelled data. */
export const evaluationSchema = z.object({
  /** Name of the run whose encoder was used; refers to `runs[].name`. */
  run: z.string(),
  method: z.string(),
  /** Seed of the run (initialisation and batches). */
  seed: z.int(),
  /** `frontal`, `lateral`, ...; `ensemble` or `joint` where scores of several views were combined. */
  view: z.string(),
  /** How the scores came about. */
  probe: z.enum(["logistic-regression", "random-forest", "supervised"]),
  /** Latents before (`unimodal`) or after (`aggregate`) aggregation; `none` for supervised classifiers. */
  latents: z.enum(["unimodal", "aggregate", "none"]),
  /** Fraction of the training patients whose labels the classifier saw, in (0, 1]. */
  labelledFraction: z.number().gt(0).lte(1),
  labelledStudies: z.int().nonnegative(),
  /** Seed of the labelled subset and the probe. */
  probeSeed: z.int(),
  /** A further setting that an experiment varies, for example `{ "label-noise": 0.2 }`. */
  setting: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  /** Refers to `cases[].id`: the studies, in order, that `scores` are about. */
  cases: z.string(),
  /** Per label (in the order of `data.labels`) the probability of each case, or `null` where no classifier could be fitted. */
  scores: z.array(z.array(z.number()).nullable()),
  metrics: z.array(labelMetricsSchema),
  macro: z.object({
    auroc: intervalSchema,
    averagePrecision: intervalSchema,
    /** Labels that the mean is over, and those left out because of one class only. */
    labels: z.array(z.string()),
    excluded: z.array(z.string()),
  }),
  /** Share of cases whose label of highest score is the true one; only where labels are exclusive (digits). */
  accuracy: intervalSchema.optional(),
});

/** The studies that scores refer to: one entry a study. */
export const casesSchema = z.object({
  id: z.string(),
  split: z.string(),
  /** Study and subject identifiers as in the data set; private. */
  studyIds: z.array(z.string()),
  subjectIds: z.array(z.string()),
  /** Frontal view position of the study (`AP`, `PA`, ...), or an empty string. */
  viewPositions: z.array(z.string()),
  /** Per label, per study: 1, 0, or `null` where the label policy ignores it. */
  labels: z.array(z.array(z.union([z.literal(0), z.literal(1), z.null()]))),
});

/** A difference of two methods on the same cases and the same resamples. */
export const comparisonSchema = z.object({
  view: z.string(),
  /** A label, or `null` for the macro average. */
  label: z.string().nullable(),
  labelledFraction: z.number(),
  probe: z.string(),
  /** Latents that the probe is on; absent for supervised classifiers and in files that do not say. */
  latents: z.string().optional(),
  /** The further setting that both share; absent where there is none. */
  setting: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  baseline: z.string(),
  method: z.string(),
  /** AUROC of `method` minus AUROC of `baseline`. */
  difference: intervalSchema,
  /** Two-sided p-value of the paired bootstrap (or DeLong where cases are independent), before and after Holm's correction. */
  p: z.number().nullable(),
  pHolm: z.number().nullable(),
  test: z.enum(["paired-bootstrap", "delong"]),
});

/** Training curves, one value a logged step. */
export const trainingSchema = z.object({
  step: z.array(z.int()),
  loss: z.array(z.number()),
  reconstruction: z.array(z.number()),
  kl: z.array(z.number()),
  alpha: z.array(z.number()),
  studiesPerSecond: z.array(z.number()),
});

/** One trained run. */
export const runSchema = z.object({
  name: z.string(),
  method: z.string(),
  seed: z.int(),
  createdAt: z.string(),
  /** The command lines that repeat it. */
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
  /** True where no picture shows a patient (phantoms, MNIST): only then may pictures be embedded. */
  synthetic: z.boolean(),
  views: z.array(z.string()),
  labels: z.array(z.string()),
  labelSource: z.string(),
  uncertainPolicy: z.string(),
  blankPolicy: z.string(),
  splitPolicy: z.string(),
  pairPolicy: z.string(),
  imageSize: z.int(),
  /** The cohort flow: what was left after each step, and why the rest went. */
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
  /** Number of patients that two splits share; anything but zero is a fault. */
  patientOverlap: z.array(z.object({ a: z.string(), b: z.string(), subjects: z.int() })),
});

/** Pictures, present only where the run was told to keep them. */
export const picturesSchema = z.object({
  run: z.string(),
  /** `reconstruction` (view -> itself) or `translation` (view -> another). */
  kind: z.enum(["reconstruction", "translation"]),
  from: z.string(),
  to: z.string(),
  size: z.int(),
  /** Pairs of PNG files in base64: what went in, the true target, what came out. */
  items: z.array(z.object({ input: z.string(), target: z.string(), output: z.string() })),
});

/** A projection of test latents to the plane. */
export const projectionSchema = z.object({
  run: z.string(),
  view: z.string(),
  kind: z.enum(["pca", "umap"]),
  cases: z.string(),
  x: z.array(z.number()),
  y: z.array(z.number()),
  /** For PCA the share of variance of the two axes. */
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
