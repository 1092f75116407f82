/**
 * Everything needed to repeat a run, as kept in `runs/<name>/config.json`.
 *
 * The settings are declared in `run_settings.ts`, from which the schema follows. The interfaces here document the
 * fields for users of the package; a test holds them to the declarations.
 *
 * @module
 */
import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import { schemaOf } from "../../base/setting_group.ts";
import type {
  BlankPolicy,
  DatasetName,
  DecodeMode,
  LabelSource,
  MnistView,
  PairPolicy,
  PolymnistView,
  TextSelection,
  UncertainPolicy,
} from "../../data/mod.ts";
import type { Finetuning, Likelihood, Objective } from "../../models/mod.ts";
import type { AugmentAmounts, ComputeType, Precision } from "../../runtime/mod.ts";
import type { DegradedView } from "../data/degraded_view.ts";
import { RUN_SETTINGS } from "./run_settings.ts";

/** Version of the schema below. */
export const RUN_CONFIG_VERSION = 1;

/** The data of a run and how to read them; see {@linkcode RUN_SETTINGS} for defaults and ranges. */
export interface DataConfig {
  /** Kind of data set; detected from the files if absent. */
  dataset?: DatasetName;
  /** Folder of the data; absent for data sets that are included in the packages. */
  root?: string;
  /** Label source of MIMIC-CXR-JPG. */
  labels: LabelSource;
  /** Policy for uncertain labels. */
  uncertain: UncertainPolicy;
  /** Policy for blank labels. */
  blank: BlankPolicy;
  /** How the images of a study are paired. */
  pairs: PairPolicy;
  /** The data set's own split, or a random one by patient. */
  split?: "official" | "paper";
  /** Seed of the random split. */
  splitSeed: number;
  /** CSV file with the columns subject and split. */
  splitFile?: string;
  /** Fail on invalid input instead of skipping it. */
  strict: boolean;
  /** Data sets of digits only: number, views and seed. */
  mnist?: {
    pairs?: { train: number; validate: number; test: number };
    views?: (MnistView | PolymnistView)[];
    seed?: number;
  };
  /** Removes a view from a share of the training studies. */
  absent?: { view: string; share: number; seed: number };
  /** Flips each label in a share of the training studies. */
  labelNoise?: { share: number; seed: number };
  /** Follow symbolic links that lead out of the folder. */
  followLinks?: boolean;
  /** Trust a data set's claim that it shows no patients. */
  trustSynthetic?: boolean;
  /** Accept a data set even if almost all images are missing. */
  partial?: boolean;
  /** Section of the reports to use; findings, else impression, else the last paragraph if absent. */
  text?: TextSelection;
  /** MIMIC-CXR's reports, if not in the data folder. */
  reports?: string;
  /** Window of DICOM images; the full range of values if absent. */
  window?: string;
  /** How image files are decoded; exactly if absent. */
  decode?: DecodeMode;
  /** Table with the views of images whose position is blank. */
  viewsFile?: string;
  /** Table with age, sex or race of the patients; one in the data folder or the data set's own if absent. */
  demographics?: string;
  /** Second label set of the test studies: a table, or `radiologists`; MIMIC-CXR-JPG's in the data folder if absent. */
  testLabels?: string;
  /** Makes the images of a view worse, in training or in testing. */
  degraded?: DegradedView;
}

/** The network, the method and their sizes. */
export interface ModelConfig {
  /** Multimodal VAE or autoencoder, alignment of embeddings, or supervised classifier. */
  method: string;
  /** Views to use; all if absent. */
  views?: string[];
  /** Encoder and decoder architecture. */
  network: string;
  /** Side of the square images in pixels. */
  imageSize: number;
  /** Filters of the first layer. */
  filterDim: number;
  /** Latent dimensions, private ones included. */
  latentDim: number;
  /** Rate of dropout2d in the residual blocks. */
  dropout: number;
  /** Likelihood of the pixels. */
  likelihood: { name: Likelihood["name"]; scale: number };
  /** MMVM's divergence; the pairwise bound if absent. */
  prior?: Objective["prior"];
  /** How often joint models count their divergence; once per view if absent. */
  jointKl?: Objective["jointKl"];
  /** How mixture components are assigned; by slices of the batch if absent. */
  moeAssignment?: Objective["moeAssignment"];
  /** Weight of each view's reconstruction in the loss, in the views' order or as NAME=NUMBER; 1 each if absent. */
  viewWeights?: (number | string)[];
  /** Loss of supervised classifiers; `bce` if absent. */
  loss?: "bce" | "softmax";
  /** Weights of positives in the bce loss; none if absent. */
  positiveWeights?: "none" | "balanced";
  /** Tokens of a text; 64 if absent. */
  textLength?: number;
  /** Filters of the first layer of the text view's networks; `filterDim` if absent. */
  textFilterDim?: number;
  /** Weight of a text's reconstruction; `auto`, pixels of an image / tokens of a text, if absent. */
  textWeight?: number | "auto";
  /** How many of the latent dimensions are private to their view; the method's default if absent. */
  privateDim?: number;
  /** Weight of the total correlation in MVTCAE; 5/6 if absent. */
  tcRatio?: number;
  /** Widths of the projectors' layers in methods that align embeddings; the method's own if absent. */
  projector?: number[];
  /** Weight of the off-diagonal correlations in Barlow Twins; 0.0051 if absent. */
  redundancyWeight?: number;
  /** Weights of invariance, variance and covariance in VICReg; 25, 25 and 1 if absent. */
  vicregWeights?: number[];
  /** Initial temperature of CLIP's softmax; 0.07 if absent. */
  temperature?: number;
  /** What is trained of encoders from another run, and what of them the heads see; trained from the start if absent. */
  finetune?: Finetuning;
}

/** The optimisation. */
export interface TrainingConfig {
  /** Random seed. */
  seed: number;
  /** Pairs per step. */
  batchSize: number;
  /** Passes over the training split. */
  epochs: number;
  /** Learning rate, the largest if it has a schedule. */
  learningRate: number;
  /** Weight of the divergence. */
  beta: number;
  /** Steps over which beta is increased linearly to its full value; none if absent. */
  betaWarmupSteps?: number;
  /** Steps over which alpha is annealed; 0: alpha starts at its final value. */
  alphaSteps: number;
  /** Shape of alpha's annealing; `exp` if absent. */
  alphaSchedule?: "exp" | "linear" | "cosine" | "constant";
  /** Final value of alpha; 0 if absent. */
  alpha?: number;
  /** Fraction of the training patients whose labels are used; 1 if absent. */
  labelled?: number;
  /** Seed for sampling these patients; 0 if absent. */
  labelledSeed?: number;
  /** Storage of feature maps and their gradients; `f32` if absent. */
  precision?: Precision;
  /** Train, encode and report without scores. */
  noEvaluation?: boolean;
  /** Number of processes that train the run together; one if absent. */
  ranks?: number;
  /** How far images are changed at random in training; not at all if absent. */
  augment?: Partial<AugmentAmounts>;
  /** Steps between validations, 0 for none; an epoch if absent. */
  validateSteps?: number;
  /** Pairs of a validation at most; see `validationPairs()` for what applies if absent. */
  validatePairs?: number;
  /** Measure AUROC in each validation. */
  validateAuroc?: boolean;
  /** Keep the checkpoint with the best validation loss or AUROC, too. */
  keepBest?: "loss" | "auroc";
  /** Stop after this many validations without improvement; never if absent. */
  patience?: number;
  /** The optimiser; `adam` if absent. */
  optimizer?: "adam" | "adamw" | "sgd";
  /** Weight decay of all weights but biases and the parameters of normalisation; none if absent. */
  weightDecay?: number;
  /** Momentum of `sgd`; 0.9 if absent. */
  momentum?: number;
  /** Nesterov's momentum for `sgd`. */
  nesterov?: boolean;
  /** Largest global norm of the gradient; no clipping if absent. */
  clip?: number;
  /** Course of the learning rate after the warm-up; `constant` if absent. */
  schedule?: "constant" | "cosine" | "exponential" | "plateau";
  /** Steps over which the learning rate increases linearly; none if absent. */
  warmupSteps?: number;
  /** The last learning rate as a fraction of `learningRate`; see `--final-factor` for what applies if absent. */
  finalFactor?: number;
  /** Validations without improvement that `plateau` waits for; 5 if absent. */
  plateauPatience?: number;
  /** Factor by which `plateau` reduces the learning rate; 0.1 if absent. */
  plateauFactor?: number;
  /** Micro-batches of a step; one if absent. */
  accumulate?: number;
  /** Decay of the moving average of the weights that is evaluated; none is kept if absent. */
  ema?: number;
  /** What products of training steps multiply; `f32` if absent. */
  compute?: ComputeType;
}

/** Everything needed to repeat a run. */
export interface RunConfig {
  /** Kind of the file. */
  schema: "mmvm-run";
  /** Version of the schema. */
  version: typeof RUN_CONFIG_VERSION;
  /** Name of the run. */
  name: string;
  /** The data and how to read them. */
  data: DataConfig;
  /** The network, the method and their sizes. */
  model: ModelConfig;
  /** The optimisation. */
  training: TrainingConfig;
}

const runConfigSchema: z.ZodType<RunConfig> = z.object({
  schema: z.literal("mmvm-run"),
  version: z.literal(RUN_CONFIG_VERSION),
  name: z.string(),
  data: schemaOf(RUN_SETTINGS.data),
  model: schemaOf(RUN_SETTINGS.model),
  training: schemaOf(RUN_SETTINGS.training),
});

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
    `${options.file}: ${field} is not valid (${issue?.message}); start a new run or correct the field`,
  );
}
