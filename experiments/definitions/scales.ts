/**
 * The scales of experiments: the base configuration of every run, which experiments modify.
 *
 * @module
 */
import {
  type DataConfig,
  type ModelConfig,
  RUN_CONFIG_VERSION,
  type RunConfig,
  type TrainingConfig,
} from "../../training/run/run_config.ts";
import { isDigits, POLYMNIST_VIEWS } from "../../data/mod.ts";
import { alphaShareOf } from "../../training/annealing.ts";
import type { Base, RunPlan, ScaleName, TestSet } from "../experiment.ts";

/** Settings that differ between scales and kinds of data. */
type Settings =
  & Pick<Base, "model" | "training" | "seeds" | "probe" | "labelled" | "fractions" | "few" | "resamples">
  & {
    readonly supervised?: Partial<TrainingConfig>;
  };

const LAPLACE = { name: "laplace", scale: 0.75 } as const;
const LOGISTIC = { kind: "logistic-regression" } as const;

/** Chest X-rays, and phantoms of them. */
const CHEST: Record<ScaleName, Settings> = {
  smoke: {
    model: { network: "residual", imageSize: 64, filterDim: 2, latentDim: 4, dropout: 0, likelihood: LAPLACE },
    training: { batchSize: 8, epochs: 1, learningRate: 1e-3, beta: 1, alphaSteps: 0 },
    seeds: [1],
    probe: LOGISTIC,
    labelled: 1,
    fractions: [0.5, 1],
    few: 0.5,
    resamples: 100,
  },
  // The network and sizes of `deno task train`, on more studies and for fewer epochs.
  small: {
    model: { network: "residual", imageSize: 64, filterDim: 8, latentDim: 16, dropout: 0, likelihood: LAPLACE },
    training: { batchSize: 32, epochs: 18, learningRate: 1e-3, beta: 1, alphaSteps: 0 },
    seeds: [1, 2, 3],
    probe: LOGISTIC,
    labelled: 1,
    fractions: [0.05, 0.1, 0.25, 0.5, 1],
    few: 0.1,
    resamples: 1000,
  },
  paper: {
    model: { network: "residual", imageSize: 224, filterDim: 64, latentDim: 256, dropout: 0.5, likelihood: LAPLACE },
    training: { batchSize: 32, epochs: 240, learningRate: 5e-5, beta: 1, alphaSteps: 150_000 },
    supervised: { batchSize: 256, epochs: 30, learningRate: 1e-4 },
    seeds: [1, 2, 3],
    probe: { kind: "random-forest" },
    labelled: 1,
    fractions: [0.01, 0.05, 0.1, 0.5, 1],
    few: 0.1,
    resamples: 1000,
  },
};

/** MNIST pairs. Their `paper` scale equals `small`, because no paper uses them. */
const DIGITS: Record<"smoke" | "small", Settings> = {
  smoke: {
    model: { network: "small", imageSize: 28, filterDim: 2, latentDim: 4, dropout: 0, likelihood: LAPLACE },
    training: { batchSize: 16, epochs: 1, learningRate: 1e-3, beta: 0.25, alphaSteps: 0 },
    seeds: [1],
    probe: LOGISTIC,
    labelled: 1,
    fractions: [0.5, 1],
    few: 0.5,
    resamples: 100,
  },
  small: {
    model: { network: "small", imageSize: 28, filterDim: 16, latentDim: 16, dropout: 0, likelihood: LAPLACE },
    // With 12 epochs some views are still on the plateau where they draw black, and seeds differ by more than methods.
    training: { batchSize: 64, epochs: 24, learningRate: 1e-3, beta: 0.25, alphaSteps: 0 },
    seeds: [1, 2, 3],
    probe: LOGISTIC,
    labelled: 0.2,
    fractions: [0.02, 0.05, 0.1, 0.2, 1],
    few: 0.1,
    resamples: 1000,
  },
};

/** Translated PolyMNIST, at the paper's scale with all of MNIST's training images. */
const POLYMNIST: Record<ScaleName, Settings> = {
  smoke: { ...DIGITS.smoke, labelled: 1 },
  small: {
    ...DIGITS.small,
    model: { ...DIGITS.small.model, latentDim: 32 },
    training: { ...DIGITS.small.training, epochs: 10, beta: 1 },
    seeds: [1, 2],
    labelled: 1,
    // Points of a figure with dozens of runs: how seeds scatter says more than an interval of each.
    resamples: 200,
  },
  paper: {
    ...DIGITS.small,
    model: { ...DIGITS.small.model, filterDim: 32, latentDim: 64 },
    training: { ...DIGITS.small.training, epochs: 100, beta: 1, learningRate: 5e-4 },
    seeds: [1, 2, 3],
    labelled: 1,
  },
};

const POLYMNIST_PAIRS = {
  small: { train: 10_000, validate: 1000, test: 2000 },
  paper: { train: 50_000, validate: 10_000, test: 10_000 },
};

const SMOKE_PAIRS = { train: 96, validate: 40, test: 60 };

/**
 * Returns the base of runs on a data set.
 *
 * @param options.root Folder of the data; none for data sets that come with the packages.
 * @param options.test Studies to score instead of the data's own test split.
 */
export function baseOf(
  dataset: Base["dataset"],
  { scale, root, test }: { scale: ScaleName; root?: string | undefined; test?: TestSet | undefined },
): Base {
  const { supervised = {}, ...settings } = settingsOf(dataset, scale);
  const pairs = pairsOf(dataset, scale);
  return {
    ...settings,
    // At the paper's scale alpha is annealed over a number of steps, otherwise over a share of them.
    ...(settings.training.alphaSteps === 0 ? { alphaShare: alphaShareOf(dataset) } : {}),
    supervised,
    ...(test === undefined ? {} : { test }),
    dataset,
    scale,
    views: VIEWS[dataset] ?? ["frontal", "lateral"],
    data: {
      dataset,
      ...(root === undefined ? {} : { root }),
      labels: "chexpert",
      uncertain: "zeros",
      blank: "zeros",
      pairs: "all-combinations",
      // The papers drew their own split; phantoms and digits have a fixed one.
      ...(scale === "paper" && dataset === "mimic-cxr" ? { split: "paper" } : {}),
      splitSeed: 0,
      strict: false,
      ...(pairs === undefined ? {} : { mnist: { pairs } }),
    },
  };
}

const VIEWS: Partial<Record<Base["dataset"], Base["views"]>> = {
  "mnist-pairs": ["rotated", "noisy"],
  polymnist: POLYMNIST_VIEWS,
};

function settingsOf(dataset: Base["dataset"], scale: ScaleName): Settings {
  if (dataset === "polymnist") return POLYMNIST[scale];
  return dataset === "mnist-pairs" ? DIGITS[scale === "paper" ? "small" : scale] : CHEST[scale];
}

/** Numbers of tuples of digits that are not the data set's default. */
function pairsOf(dataset: Base["dataset"], scale: ScaleName): typeof SMOKE_PAIRS | undefined {
  if (!isDigits(dataset)) return undefined;
  if (scale === "smoke") return SMOKE_PAIRS;
  return dataset === "polymnist" ? POLYMNIST_PAIRS[scale] : undefined;
}

/** A run's changes to its base. */
export interface RunChanges {
  readonly seed: number;
  readonly data?: Partial<DataConfig>;
  readonly model?: Partial<ModelConfig>;
  readonly training?: Partial<TrainingConfig>;
}

/** Plans the training of a VAE. */
export function vaeRun(base: Base, method: string, changes: RunChanges): RunPlan {
  const config = configOf(base, method, changes);
  const fixed = changes.training?.alphaSchedule !== undefined || base.alphaShare === undefined;
  return { config, ...(fixed ? {} : { alphaShare: base.alphaShare! }) };
}

/**
 * Plans the training of a supervised classifier on the labels of a fraction of the training patients, for as many steps
 * as on all of them.
 */
export function classifierRun(base: Base, method: string, changes: RunChanges): RunPlan {
  const { labelled = base.labelled } = changes.training ?? {};
  const epochs = base.supervised.epochs ?? base.training.epochs;
  return {
    config: configOf(base, method, {
      ...changes,
      training: {
        ...base.supervised,
        epochs: Math.round(epochs / labelled),
        labelled,
        labelledSeed: changes.seed,
        ...changes.training,
      },
    }),
  };
}

function configOf(base: Base, method: string, { seed, data, model, training }: RunChanges): RunConfig {
  return {
    schema: "mmvm-run",
    version: RUN_CONFIG_VERSION,
    name: method,
    data: { ...base.data, ...data },
    model: { method, ...base.model, ...model },
    training: { seed, ...base.training, ...training },
  };
}
