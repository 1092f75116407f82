/**
 * From the flags of `train` to the configuration of a run.
 *
 * @module
 */
import { isAbsolute, join } from "node:path";
import { z } from "zod";
import {
  ALPHA_SCHEDULES,
  POSITIVE_WEIGHTS,
  RUN_CONFIG_VERSION,
  RUN_METHODS,
  type RunConfig,
} from "../../training/mod.ts";
import {
  CLASSIFICATION_LOSSES,
  JOINT_KLS,
  LIKELIHOODS,
  MOE_ASSIGNMENTS,
  networkNames,
  networkOf,
  PRIORS,
} from "../../models/mod.ts";
import { PRECISIONS } from "../../runtime/mod.ts";
import { DATA_OPTIONS } from "./data_options.ts";
import { choice, flag, integer, number, type OptionSpec, type OptionValues, path, runName } from "./options.ts";
import { UsageError } from "../terminal/errors.ts";
import { userPath } from "../terminal/paths.ts";

/** Phantom studies of a run without `--data`, and their seed. */
export const DEFAULT_PHANTOMS = { studies: 900, seed: 1 } as const;

/** The flags of `train`. */
export const TRAIN_OPTIONS = {
  data: path({
    help: "data directory, a MIMIC-CXR-JPG root for example; without it, phantoms are made",
    placeholder: "dir",
  }),
  run: runName({ help: "name of the run; its files are in runs/NAME", default: "default" }),
  resume: flag({ help: "go on with runs/NAME from its last checkpoint" }),
  config: path({
    help: "JSON file with these flags as fields, in camel case; flags given here win",
    placeholder: "file",
  }),
  method: choice(words(RUN_METHODS), {
    help: "how the views share their latents, or a supervised classifier",
    default: "mmvm",
  }),
  views: list({
    item: z.string().min(1),
    parse: (word) => word,
    help: "views to use; all when not given",
    allowed: "names of views, separated by commas",
  }),
  network: choice(words(networkNames()), { help: "encoder and decoder", default: "residual" }),
  seed: integer({ min: 0, max: 2 ** 31 - 1, help: "seed of everything that is random", default: 1 }),
  imageSize: integer({
    min: 4,
    max: 1024,
    help: "side of the images; the residual network takes 64, 128 and 224",
    default: 64,
  }),
  filterDim: integer({ min: 1, max: 512, help: "filters of the first layer (the papers: 64)", default: 8 }),
  latentDim: integer({ min: 1, max: 4096, help: "size of a latent (the papers: 256)", default: 16 }),
  dropout: number({ min: 0, below: 1, help: "rate of dropout2d in the residual blocks (the papers: 0.5)", default: 0 }),
  precision: choice(PRECISIONS, {
    help: "how feature maps and their gradients are stored: f16 takes half the memory",
    default: "f32",
  }),
  batchSize: integer({ min: 2, max: 4096, help: "pairs a step", default: 32 }),
  epochs: integer({ min: 1, max: 100_000, help: "passes over the training split", default: 24 }),
  lr: number({ above: 0, max: 1, help: "Adam's learning rate (the papers: 5e-5)", default: 1e-3 }),
  beta: number({ min: 0, max: 1e6, help: "weight of the divergence", default: 1 }),
  betaWarmupSteps: integer({ min: 0, max: 2 ** 31 - 1, help: "steps until beta has its full weight", default: 0 }),
  alphaSchedule: choice(ALPHA_SCHEDULES, {
    help: "how the standard normal prior of MMVM fades out, from a weight alpha of 1",
    default: "exp",
  }),
  alpha: number({ min: 0, max: 1, help: "where alpha ends, or the alpha of the constant schedule", default: 0 }),
  alphaSteps: integer({
    min: 0,
    max: 2 ** 31 - 1,
    help: "steps over which the standard normal prior fades out; a fifth of all steps when not given",
  }),
  prior: choice(PRIORS, {
    help: "divergence of MMVM: the pairwise bound, or an estimate of that from the mixture itself",
    default: "pairwise",
  }),
  jointKl: choice(JOINT_KLS, { help: "divergence of joint models, counted once a view or once", default: "views" }),
  moeAssignment: choice(MOE_ASSIGNMENTS, {
    help: "components of moe and mopoe, by slices of the batch or by a stratified draw",
    default: "slices",
  }),
  likelihood: choice(words(LIKELIHOODS), { help: "of the pixels", default: "laplace" }),
  scale: number({ above: 0, max: 100, help: "scale of the Laplace or normal likelihood", default: 0.75 }),
  viewWeights: list({
    item: z.number().nonnegative(),
    parse: (word) => word.trim() === "" ? NaN : Number(word),
    help: "weight of each view's reconstruction in the loss; 1 each when not given",
    allowed: "numbers of 0 or more, separated by commas",
  }),
  loss: choice(CLASSIFICATION_LOSSES, {
    help: "of supervised classifiers: cross-entropy of each label, or softmax over multi-hot labels as published",
    default: "bce",
  }),
  positiveWeights: choice(POSITIVE_WEIGHTS, {
    help: "weights of positives in the loss bce: balanced are negatives over positives of each label",
    default: "none",
  }),
  labelled: number({
    above: 0,
    max: 1,
    help: "share of the training patients whose labels a supervised classifier or a probe sees",
    default: 1,
  }),
  labelledSeed: integer({ min: 0, max: 2 ** 31 - 1, help: "seed of the draw of these patients", default: 0 }),
  checkpointSeconds: integer({ min: 1, max: 86_400, help: "seconds between checkpoints", default: 300 }),
  checkpointSteps: integer({ min: 1, max: 2 ** 31 - 1, help: "also write a checkpoint every so many steps" }),
  keep: integer({ min: 1, max: 1_000_000, help: "checkpoints that are kept", default: 2 }),
  skipNonfinite: integer({
    min: 0,
    max: 1_000_000,
    help: "batches of the run that may be left out because their loss or gradient is not finite",
    default: 0,
  }),
  checkNumerics: flag({ help: "look for NaN and infinity in every op's results and name the first such op; slow" }),
  noTune: flag({ help: "take each kernel's default variant instead of timing a few on this adapter, once" }),
  gpuMemory: number({ above: 0, max: 1e9, help: "MiB of GPU memory that may be used, all if not given" }),
  untrained: flag({ help: "also score probes on the untrained encoders, for comparison" }),
  ...DATA_OPTIONS,
};

/** The values of `train`'s flags. */
export type TrainValues = OptionValues<typeof TRAIN_OPTIONS>;

/** Fields of a `--config` file that only the command line takes. */
export const COMMAND_LINE_ONLY: readonly string[] = ["config", "resume"];

/**
 * The configuration of a run.
 *
 * @param options.root Data directory, absent where the data come with the packages.
 * @param options.alphaSteps The steps of the annealing, worked out from the data where no flag gives them.
 */
export function runConfigOf(values: TrainValues, options: { root: string | undefined; alphaSteps: number }): RunConfig {
  const { root, alphaSteps } = options;
  return {
    schema: "mmvm-run",
    version: RUN_CONFIG_VERSION,
    name: values.run,
    data: {
      ...(values.dataset === undefined ? {} : { dataset: values.dataset }),
      ...(root === undefined ? {} : { root }),
      labels: values.labels,
      uncertain: values.uncertain,
      blank: values.blank,
      pairs: values.pairs,
      ...(values.split === undefined ? {} : { split: values.split }),
      splitSeed: values.splitSeed,
      ...(values.splitFile === undefined ? {} : { splitFile: values.splitFile }),
      strict: values.strict,
    },
    model: {
      method: values.method,
      ...(values.views === undefined ? {} : { views: values.views }),
      network: values.network,
      imageSize: values.imageSize,
      filterDim: values.filterDim,
      latentDim: values.latentDim,
      dropout: values.dropout,
      likelihood: { name: values.likelihood, scale: values.scale },
      prior: values.prior,
      jointKl: values.jointKl,
      moeAssignment: values.moeAssignment,
      ...(values.viewWeights === undefined ? {} : { viewWeights: values.viewWeights }),
      loss: values.loss,
      positiveWeights: values.positiveWeights,
    },
    training: {
      seed: values.seed,
      batchSize: values.batchSize,
      epochs: values.epochs,
      learningRate: values.lr,
      beta: values.beta,
      betaWarmupSteps: values.betaWarmupSteps,
      alphaSteps,
      alphaSchedule: values.alphaSchedule,
      alpha: values.alpha,
      labelled: values.labelled,
      labelledSeed: values.labelledSeed,
      // Absent as in runs that were made before there was a choice: a checkpoint goes with a configuration.
      ...(values.precision === "f32" ? {} : { precision: values.precision }),
    },
  };
}

/**
 * Checks that the network takes the sizes, before any work is done.
 *
 * @throws {UsageError} where it does not.
 */
export function requireNetwork(values: TrainValues): void {
  try {
    networkOf(values.network, values);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${error.message}: give another --image-size or --network`);
  }
}

/** The directory of a run: a path as it is, a name below `runs/`. */
export function runDirectory(run: string): string {
  if (isAbsolute(run) || run.includes("/")) return userPath(run);
  return join("runs", run);
}

/** Several values of one kind, separated by commas. */
function list<T>(options: {
  item: z.ZodType<T>;
  parse: (word: string) => unknown;
  help: string;
  allowed: string;
}): OptionSpec<T[], undefined> {
  return {
    help: options.help,
    allowed: options.allowed,
    placeholder: "list",
    schema: z.array(options.item).min(1),
    parse: (text) => text.split(",").map(options.parse),
    default: undefined,
  };
}

function words<const T extends string>(list: readonly T[]): [T, ...T[]] {
  return [...list] as [T, ...T[]];
}
