/**
 * Everything needed to repeat a run, as kept in `runs/<name>/config.json`.
 *
 * @module
 */
import { z } from "zod";
import { DataError } from "../../data/errors.ts";
import { BLANK_POLICIES, DATASETS, LABEL_SOURCES, PAIR_POLICIES, UNCERTAIN_POLICIES } from "../../data/mod.ts";
import { LIKELIHOODS, METHOD_NAMES, networkNames } from "../../models/mod.ts";

/** Version of the schema below. */
export const RUN_CONFIG_VERSION = 1;

/** What is read and how; see `openDataset()`. */
export const dataConfigSchema = z.object({
  dataset: z.enum(DATASETS).optional(),
  /** Data directory; absent for data sets that come with the packages. */
  root: z.string().optional(),
  labels: z.enum(LABEL_SOURCES),
  uncertain: z.enum(UNCERTAIN_POLICIES),
  blank: z.enum(BLANK_POLICIES),
  pairs: z.enum(PAIR_POLICIES),
  split: z.enum(["official", "paper"]).optional(),
  splitSeed: z.int().nonnegative(),
  splitFile: z.string().optional(),
  strict: z.boolean(),
});

/** The network, the method and their sizes. */
export const modelConfigSchema = z.object({
  method: z.string().refine((name) => METHOD_NAMES.includes(name), { error: "unknown method" }),
  network: z.string().refine((name) => networkNames().includes(name), { error: "unknown network" }),
  imageSize: z.int().positive(),
  filterDim: z.int().positive(),
  latentDim: z.int().positive(),
  dropout: z.number().gte(0).lt(1),
  likelihood: z.object({ name: z.enum(LIKELIHOODS), scale: z.number().positive() }),
});

/** The optimisation. */
export const trainingConfigSchema = z.object({
  seed: z.int().nonnegative(),
  batchSize: z.int().positive(),
  epochs: z.int().positive(),
  learningRate: z.number().positive(),
  beta: z.number().nonnegative(),
  /** Steps over which alpha falls from 1 to 1e-10; 0 for no annealing (alpha is 0 from the start). */
  alphaSteps: z.int().nonnegative(),
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
