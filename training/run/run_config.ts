/**
 * Everything needed to repeat a run, as kept in `runs/<name>/config.json`.
 *
 * @module
 */
import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import {
  BLANK_POLICIES,
  DATASETS,
  LABEL_SOURCES,
  MNIST_VIEWS,
  PAIR_POLICIES,
  UNCERTAIN_POLICIES,
} from "../../data/mod.ts";
import {
  CLASSIFICATION_LOSSES,
  CLASSIFIER_NAMES,
  JOINT_KLS,
  LIKELIHOODS,
  METHOD_NAMES,
  MOE_ASSIGNMENTS,
  networkNames,
  PRIORS,
} from "../../models/mod.ts";
import { PRECISIONS } from "../../runtime/mod.ts";
import { ALPHA_SCHEDULES } from "../annealing.ts";

/** Version of the schema below. */
export const RUN_CONFIG_VERSION = 1;

const count = z.int().positive();

/** A path; no operating system takes a NUL in one. */
// deno-lint-ignore no-control-regex
const path = z.string().min(1).max(4096).regex(/^[^\x00]*$/, "no path has a NUL character");

/** What is read and how; see `openDataset()`. */
export const dataConfigSchema = z.object({
  dataset: z.enum(DATASETS).optional(),
  /** Data directory; absent for data sets that come with the packages. */
  root: path.optional(),
  labels: z.enum(LABEL_SOURCES),
  uncertain: z.enum(UNCERTAIN_POLICIES),
  blank: z.enum(BLANK_POLICIES),
  pairs: z.enum(PAIR_POLICIES),
  split: z.enum(["official", "paper"]).optional(),
  splitSeed: z.int().nonnegative(),
  splitFile: path.optional(),
  strict: z.boolean(),
  /** Of MNIST pairs: how many, which views, and the seed of their draw; 5,000 / 1,000 / 3,000 of two views where absent. */
  mnist: z.object({
    pairs: z.object({ train: count, validate: count, test: count }).exactOptional(),
    views: z.array(z.enum(MNIST_VIEWS)).min(1).exactOptional(),
    seed: z.int().nonnegative().exactOptional(),
  }).exactOptional(),
  /** Takes a view away from a share of the training studies; draws of one seed are nested. */
  absent: z.object({ view: z.string(), share: z.number().gte(0).lte(1), seed: z.int().nonnegative() }).exactOptional(),
  /** Gives a share of each label's training studies the wrong answer; draws of one seed are nested. */
  labelNoise: z.object({ share: z.number().gte(0).lte(1), seed: z.int().nonnegative() }).exactOptional(),
});

/** All that `--method` takes: multimodal VAEs, then supervised classifiers. */
export const RUN_METHODS: readonly string[] = [...METHOD_NAMES, ...CLASSIFIER_NAMES];

/** Weights of the positive class of each label: none, or the training labels' negatives over positives. */
export const POSITIVE_WEIGHTS = ["none", "balanced"] as const;

/** The network, the method and their sizes. What is optional is as published where it is absent. */
export const modelConfigSchema = z.object({
  method: z.string().refine((name) => RUN_METHODS.includes(name), { error: "unknown method" }),
  /** Names of the views to use, all of the data's where absent. */
  views: z.array(z.string()).min(1).optional(),
  network: z.string().refine((name) => networkNames().includes(name), { error: "unknown network" }),
  // A file from elsewhere may ask for what no machine has.
  imageSize: z.int().positive().max(4096),
  filterDim: z.int().positive().max(512),
  latentDim: z.int().positive().max(4096),
  dropout: z.number().gte(0).lt(1),
  likelihood: z.object({ name: z.enum(LIKELIHOODS), scale: z.number().positive() }),
  prior: z.enum(PRIORS).optional(),
  jointKl: z.enum(JOINT_KLS).optional(),
  moeAssignment: z.enum(MOE_ASSIGNMENTS).optional(),
  viewWeights: z.array(z.number().nonnegative()).optional(),
  /** Of supervised classifiers. */
  loss: z.enum(CLASSIFICATION_LOSSES).optional(),
  positiveWeights: z.enum(POSITIVE_WEIGHTS).optional(),
});

/** The optimisation. */
export const trainingConfigSchema = z.object({
  seed: z.int().nonnegative(),
  batchSize: z.int().positive().max(4096),
  epochs: z.int().positive(),
  learningRate: z.number().positive(),
  beta: z.number().nonnegative(),
  /** Steps until beta has its full weight; it has from the start where absent. */
  betaWarmupSteps: z.int().nonnegative().optional(),
  /** Steps over which alpha falls from 1 to its last value; 0 for no annealing (alpha has that value from the start). */
  alphaSteps: z.int().nonnegative(),
  /** `exp` where absent. */
  alphaSchedule: z.enum(ALPHA_SCHEDULES).optional(),
  /** Alpha's last value, 0 where absent. */
  alpha: z.number().gte(0).lte(1).optional(),
  /** Share of the training patients whose labels are used, all where absent, and the seed of their draw. */
  labelled: z.number().gt(0).lte(1).optional(),
  labelledSeed: z.int().nonnegative().optional(),
  /** How feature maps and their gradients are stored, in training and after it; `f32` where absent. */
  precision: z.enum(PRECISIONS).exactOptional(),
});

/** A whole run. */
export const runConfigSchema = z.object({
  schema: z.literal("mmvm-run"),
  version: z.literal(RUN_CONFIG_VERSION),
  name: z.string(),
  data: dataConfigSchema,
  model: modelConfigSchema,
  training: trainingConfigSchema,
});

export type DataConfig = z.infer<typeof dataConfigSchema>;
export type ModelConfig = z.infer<typeof modelConfigSchema>;
export type TrainingConfig = z.infer<typeof trainingConfigSchema>;
export type RunConfig = z.infer<typeof runConfigSchema>;

/**
 * Checks a configuration.
 *
 * @param options.file Named in errors.
 * @throws {DataError} naming the first field that is wrong.
 */
export function checkRunConfig(value: unknown, options: { file: string }): RunConfig {
  const parsed = runConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join(".") || "the file";
  throw new DataError(
    `${options.file}: ${field} is not valid (${issue?.message}); start the run anew or mend the field`,
  );
}
