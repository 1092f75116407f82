/**
 * Creates the trainer for a run's configuration; it takes the loader's batches.
 *
 * @module
 */
import {
  type Batch,
  labelledSubset,
  labelsOfStudies,
  pairsOfSplit,
  type PairTable,
  stepsPerEpoch,
} from "../data/mod.ts";
import {
  type AlignmentConfig,
  type BatchPart,
  type ClassifierConfig,
  createParallelTrainer,
  createStepTrainer,
  methodKind,
  type ParallelTrainer,
  type Ranks,
  type StepTrainer,
  type TextViews,
  type Trainable,
  TrainableAlignment,
  TrainableClassifier,
  TrainableVae,
  type VaeConfig,
  type ViewEncodersConfig,
} from "../models/mod.ts";
import type { Device } from "../runtime/mod.ts";
import { alphaShareOf } from "./annealing.ts";
import { runAverage, runOptimizer } from "./optimization.ts";
import type { RunConfig } from "./run/run_config.ts";
import type { RunData } from "./data/run_data.ts";
import { textSizesOf } from "./data/run_texts.ts";
import { viewWeightsOf } from "./data/view_weights.ts";
import { type RunViews, viewsOfRun } from "./data/run_views.ts";

/** Whether a run trains a supervised classifier. */
export function isSupervised(config: RunConfig): boolean {
  return methodKind(config.model.method) === "classifier";
}

/** Whether a run aligns embeddings of its views, without decoders. */
export function isAlignment(config: RunConfig): boolean {
  return methodKind(config.model.method) === "alignment";
}

/**
 * The pairs that a run trains on: the training split; for a supervised classifier restricted to the labelled patients,
 * which are the same as those of a probe with the same fraction and seed.
 */
export function trainingPairs(config: RunConfig, data: Pick<RunData, "index" | "pairs">): PairTable {
  const { index } = data;
  const pairs = pairsOfSplit(index, data.pairs, "train");
  const { labelled: fraction = 1, labelledSeed: seed = 0 } = config.training;
  const seen = isSupervised(config) ? labelledSubset(index, pairs, { fraction, seed }) : pairs;
  return viewsOfRun(config, { index, pairs: seen }).pairs;
}

/**
 * Sets `alphaSteps` to a share of all steps, by default the data set's; the number of steps depends on the data.
 */
export function withAnnealing(
  config: RunConfig,
  data: Pick<RunData, "index" | "pairs">,
  options: { share?: number } = {},
): RunConfig {
  const { share = alphaShareOf(data.index.dataset) } = options;
  const { training } = config;
  const steps = stepsPerEpoch(trainingPairs(config, data).count, training) * training.epochs;
  return { ...config, training: { ...training, alphaSteps: Math.round(share * steps) } };
}

/** The configuration of a run's classifier; weights of the positive class follow from the training labels. */
export function classifierConfig(
  config: RunConfig,
  data: Pick<RunData, "index" | "pairs" | "texts">,
): ClassifierConfig {
  const { loss, positiveWeights, ...model } = config.model;
  const { labels } = data.index;
  const views = viewsOfRun(config, data);
  return {
    ...model,
    views: views.names,
    ...textsOf(config, { views, data }),
    labels: labels.length,
    ...(loss ? { loss } : {}),
    ...(positiveWeights === "balanced" ? { positiveWeights: balancedWeights(config, data) } : {}),
  };
}

/** Negatives over positives of each label in the training pairs; 1 for a label with one class only. */
function balancedWeights(config: RunConfig, data: Pick<RunData, "index" | "pairs">): number[] {
  const count = data.index.labels.length;
  const labels = labelsOfStudies(data.index, trainingPairs(config, data).study);
  return Array.from({ length: count }, (_, label) => {
    const own = labels.filter((_, i) => i % count === label);
    const positives = own.filter((value) => value === 1).length;
    const negatives = own.filter((value) => value === 0).length;
    return positives > 0 && negatives > 0 ? negatives / positives : 1;
  });
}

/** The trainer of a run: in one process, or in one of several that train it together. */
export type RunTrainer = StepTrainer<Batch> | ParallelTrainer<Batch>;

/** Options of {@link createRunTrainer}. */
export interface RunTrainerOptions {
  readonly config: RunConfig;
  readonly data: Pick<RunData, "index" | "pairs" | "texts">;
  /** Look for NaN and infinity in every op's results; see `CompileOptions.checkNumerics`. Slow. */
  readonly checkNumerics?: boolean;
  /** The processes that train the run together. */
  readonly ranks?: Ranks;
}

/**
 * Creates the trainer of a run; with `ranks`, of this rank's part of every batch.
 *
 * @throws {RangeError} if a batch cannot be divided among the ranks and into micro-batches.
 */
export async function createRunTrainer(device: Device, options: RunTrainerOptions): Promise<RunTrainer> {
  const { ranks } = options;
  if (ranks === undefined) {
    const { model, common } = modelOf(options);
    return await createStepTrainer(device, { ...common, model });
  }
  const { model, common } = modelOf(options, { index: ranks.rank, of: ranks.size });
  return await createParallelTrainer(device, { ...common, model, ranks });
}

/** The model of a run on whole batches of its size. */
export function trainableOf(config: RunConfig, data: RunData): Trainable<Batch> {
  return modelOf({ config, data }).model;
}

/** The model of a run on batches, or on one of several equal parts of them, each in micro-batches. */
function modelOf({ config, data, checkNumerics = false }: RunTrainerOptions, part: BatchPart = { index: 0, of: 1 }) {
  const { batchSize: whole, seed, precision = "f32", compute = "f32", augment, accumulate = 1 } = config.training;
  const of = part.of * accumulate;
  if (whole % of !== 0) {
    throw new RangeError(
      `a batch of ${whole} cannot be divided among ${part.of} ranks with ${accumulate} micro-batches each`,
    );
  }
  const batchSize = whole / of;
  const views = viewsOfRun(config, data);
  const average = runAverage(config.training);
  const optimizer = runOptimizer(config.training);
  const common = { seed, checkNumerics, precision, compute, accumulate, average, optimizer };
  const options = { ...common, batchSize, missingViews: views.missing, augment };
  return { model: trainable(), common };

  function trainable(): Trainable<Batch> {
    switch (methodKind(config.model.method)) {
      case "classifier":
        return new TrainableClassifier({ ...options, config: classifierConfig(config, data) });
      case "alignment":
        return new TrainableAlignment({ ...options, config: alignmentConfig(config, views, data) });
      case "vae":
        return new TrainableVae({
          ...options,
          config: vaeConfig(config, views, data),
          part: { index: part.index * accumulate, of },
        });
    }
  }
}

/** The configuration of a run that aligns embeddings. */
export function alignmentConfig(config: RunConfig, views: RunViews, data: Pick<RunData, "texts">): AlignmentConfig {
  return { ...config.model, views: views.names, ...textsOf(config, { views, data }) };
}

/**
 * The encoders of any run. Their latents are what probes see: of a VAE the mean of the posterior, of other models the
 * features before any head.
 */
export function encodersConfig(config: RunConfig, views: RunViews, data: Pick<RunData, "texts">): ViewEncodersConfig {
  const { network, imageSize, filterDim, latentDim, dropout, method } = config.model;
  return {
    ...{ network, imageSize, filterDim, latentDim, dropout },
    views: views.names,
    ...textsOf(config, { views, data }),
    latent: methodKind(method) === "vae" ? "mean" : "features",
  };
}

/** The configuration of a run's VAE. */
export function vaeConfig(config: RunConfig, views: RunViews, data: Pick<RunData, "texts">): VaeConfig {
  const { loss: _loss, positiveWeights: _weights, viewWeights: _given, ...model } = config.model;
  const viewWeights = viewWeightsOf(config.model, views);
  return {
    ...model,
    views: views.names,
    ...textsOf(config, { views, data }),
    ...(viewWeights ? { viewWeights } : {}),
  };
}

/** The model's text views. */
function textsOf(
  config: RunConfig,
  { views, data }: { views: RunViews; data: Pick<RunData, "texts"> },
): { texts?: TextViews } {
  if (views.texts.length === 0) return {};
  if (data.texts === undefined) throw new TypeError("a run with a text view needs its data prepared by withTexts()");
  const sizes = textSizesOf(config.model, data.texts);
  return { texts: Object.fromEntries(views.texts.map((m) => [views.names[m]!, sizes])) };
}

/** 1 where a view is present, view-major [M, N], for models trained with missing views. */
export function presentOf({ present }: Pick<Batch, "present">, views: RunViews): { present?: Float32Array } {
  return views.missing ? { present } : {};
}
