/**
 * The schema of `results.json`, which checks that a file holds {@linkcode Results}.
 *
 * @module
 */
import { z } from "zod";
import type { AugmentedPictures } from "./augmentation_record.ts";
import type { DataRecord, TextViewRecord } from "./data_record.ts";
import type { LabelAgreement, LabelSetScores } from "./label_set_record.ts";
import type { SubgroupRecord } from "./subgroup_record.ts";
import { generativeSchema } from "./generative_schema.ts";
import { intervalSchema } from "./interval_schema.ts";
import {
  type Cases,
  type Comparison,
  type Evaluation,
  type LabelCalibration,
  type LabelMetrics,
  type Pictures,
  type Projection,
  type Results,
  RESULTS_VERSION,
  type RunRecord,
  type TrainingSeries,
} from "./results.ts";

const reliabilitySchema = z.array(z.object({ predicted: z.number(), observed: z.number(), count: z.int() }));

const calibrationSchema: z.ZodType<LabelCalibration> = z.object({
  error: z.number().nullable(),
  temperature: z.number().nullable(),
  scaled: z.object({
    error: z.number().nullable(),
    brier: z.number().nullable(),
    reliability: reliabilitySchema,
  }).nullable(),
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
  reliability: reliabilitySchema,
  calibration: calibrationSchema.optional(),
});

const subgroupSchema: z.ZodType<SubgroupRecord> = z.object({
  attribute: z.string(),
  limits: z.object({ subjects: z.int(), studies: z.int() }),
  unknown: z.int(),
  groups: z.array(z.object({
    group: z.string(),
    studies: z.int().nullable(),
    subjects: z.int().nullable(),
    macro: intervalSchema.nullable(),
    labels: z.array(z.object({
      label: z.string(),
      positives: z.int().nullable(),
      negatives: z.int().nullable(),
      auroc: intervalSchema.nullable(),
      truePositiveRate: intervalSchema.nullable(),
      falsePositiveRate: intervalSchema.nullable(),
    })),
  })),
  gaps: z.array(z.object({
    label: z.string().nullable(),
    rate: z.enum(["true-positive", "false-positive"]),
    high: z.string(),
    low: z.string(),
    difference: intervalSchema,
  })),
});

const labelSetPair = { training: intervalSchema, test: intervalSchema, difference: intervalSchema };

const labelSetsSchema: z.ZodType<LabelSetScores> = z.object({
  test: z.string(),
  studies: z.int(),
  labels: z.array(z.object({ label: z.string(), ...labelSetPair })),
  macro: z.object({ labels: z.array(z.string()), ...labelSetPair }),
});

const agreementSchema: z.ZodType<LabelAgreement> = z.object({
  training: z.string(),
  test: z.string(),
  studies: z.int(),
  subjects: z.int(),
  labels: z.array(z.object({
    label: z.string(),
    trainingPositives: z.int(),
    testPositives: z.int(),
    kappa: intervalSchema,
    sensitivity: intervalSchema,
    specificity: intervalSchema,
  })),
});

/** The fields of an evaluation that say what was evaluated how, and its means over labels. */
export const MACRO_FIELDS = {
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
  macro: z.object({
    auroc: intervalSchema,
    averagePrecision: intervalSchema,
    labels: z.array(z.string()),
    excluded: z.array(z.string()),
  }),
  accuracy: intervalSchema.optional(),
};

/** Checks {@linkcode Evaluation}. */
export const evaluationSchema: z.ZodType<Evaluation> = z.object({
  ...MACRO_FIELDS,
  cases: z.string(),
  scores: z.array(z.array(z.number()).nullable()),
  metrics: z.array(labelMetricsSchema),
  subgroups: z.array(subgroupSchema).optional(),
  labelSets: labelSetsSchema.optional(),
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

const curvesByName = z.record(z.string(), z.array(z.number()));

const trainingSchema: z.ZodType<TrainingSeries> = z.object({
  step: z.array(z.int()),
  loss: z.array(z.number()),
  reconstruction: z.array(z.number()),
  views: z.record(z.string(), z.array(z.number())).exactOptional(),
  kl: z.array(z.number()),
  alpha: z.array(z.number()),
  studiesPerSecond: z.array(z.number()),
  validation: z.object({
    step: z.array(z.int()),
    loss: z.array(z.number()),
    reconstruction: z.array(z.number()),
    kl: z.array(z.number()),
    auroc: curvesByName,
    divergences: curvesByName,
    ratios: curvesByName,
    responsibility: curvesByName,
    activeUnits: curvesByName,
  }).exactOptional(),
  learningRate: z.array(z.number()).exactOptional(),
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
  findings: z.array(z.string()).exactOptional(),
  checkpoint: z.object({ which: z.enum(["last", "best"]), step: z.int() }).exactOptional(),
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
  labelAgreement: agreementSchema.optional(),
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

const augmentedSchema: z.ZodType<AugmentedPictures> = z.object({
  run: z.string(),
  view: z.string(),
  size: z.int(),
  amounts: z.record(z.string(), z.number()),
  items: z.array(z.object({ original: z.string(), augmented: z.array(z.string()) })),
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
  generative: z.array(generativeSchema).optional(),
  augmentations: z.array(augmentedSchema).optional(),
});
