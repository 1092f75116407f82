/**
 * Every setting of a run, declared once.
 *
 * {@link RUN_SETTINGS} has the shape of `config.json`: the file's schema (`run_config.ts`), the flags of
 * `train` with their help and defaults (`cli/options/run_options.ts`) and the check of `--config` files follow from it.
 * {@link SESSION_SETTINGS} are flags that do not change the result of a run; they are not in the file.
 *
 * **To add a setting**, add an entry here: its place is its field in `config.json`, and its name in camel case its flag
 * (`named()` for another). A setting that is new in `config.json` must be `optional()` or `unlessDefault()`, so that
 * the files and checkpoints of older runs stay valid; the order of fields is part of a run's fingerprint, so add it at
 * the end of its section. Its type goes into the interface in `run_config.ts`. A flag of a single command that is not
 * part of a run is declared in that command's own table (`cli/*.ts`).
 *
 * @module
 */
import { z } from "zod";
import { choice, flag, integer, list, number, path, type Setting, text } from "../../base/setting.ts";
import { namedNumbers } from "../../base/named_numbers.ts";
import { fileOnly, named, optional, unlessDefault } from "../../base/setting_group.ts";
import {
  BLANK_POLICIES,
  DATASETS,
  DECODE_MODES,
  LABEL_SOURCES,
  MAX_MNIST_PAIRS,
  MNIST_VIEWS,
  PAIR_POLICIES,
  POLYMNIST_VIEWS,
  RADIOLOGISTS,
  TEXT_SELECTIONS,
  UNCERTAIN_POLICIES,
  WINDOW_FORMS,
  WINDOW_PATTERN,
} from "../../data/mod.ts";
import {
  ALIGNMENT_NAMES,
  CLASSIFICATION_LOSSES,
  CLASSIFIER_NAMES,
  FINETUNED_PARTS,
  JOINT_KLS,
  LIKELIHOODS,
  METHOD_NAMES,
  MOE_ASSIGNMENTS,
  networkNames,
  PRIORS,
  PUBLISHED_OBJECTIVE,
  TEXT_LENGTHS,
} from "../../models/mod.ts";
import { COMPUTE_TYPES, MOST_AUGMENTED, PRECISIONS } from "../../runtime/mod.ts";
import { LOG_FORMATS } from "../loggers/log_formats.ts";
import { ALPHA_SCHEDULES } from "../annealing.ts";
import { DEGRADATIONS, DEGRADED_IN } from "../data/degraded_view.ts";
import { BEST_BY } from "../validation/validation_history.ts";
import { OPTIMIZER_SETTINGS } from "./optimizer_settings.ts";

/** The values of `--method`: multimodal autoencoders, methods that align embeddings, then supervised classifiers. */
export const RUN_METHODS: readonly string[] = [...METHOD_NAMES, ...ALIGNMENT_NAMES, ...CLASSIFIER_NAMES];

/** Weights of the positive class of each label: none, or the training labels' negatives over positives. */
const POSITIVE_WEIGHTS = ["none", "balanced"] as const;

const MAX_INT = 2 ** 31 - 1;
const mnistPairs = z.int().positive().max(MAX_MNIST_PAIRS);
const seed = z.int().nonnegative();
const share = z.number().gte(0).lte(1);

/** The data and how to read them; see `openDataset()`. */
const data = {
  dataset: optional(choice(DATASETS, { help: "kind of data set; detected from the files by default" })),
  /** Absent for data sets that are included in the packages. */
  root: named(
    "data",
    optional(path({
      help: "data directory, such as a MIMIC-CXR-JPG root; by default phantoms are generated",
      placeholder: "dir",
    })),
  ),
  labels: choice(LABEL_SOURCES, { help: "label source of MIMIC-CXR-JPG", default: "chexpert" }),
  uncertain: choice(UNCERTAIN_POLICIES, { help: "policy for uncertain labels", default: "zeros" }),
  blank: choice(BLANK_POLICIES, { help: "policy for blank labels", default: "zeros" }),
  pairs: choice(PAIR_POLICIES, { help: "how the images of a study are paired", default: "all-combinations" }),
  split: optional(
    choice(["official", "paper"], { help: "the data set's own split, or a random 80/10/10 split by patient" }),
  ),
  splitSeed: integer({ min: 0, max: MAX_INT, help: "seed of --split paper", default: 0 }),
  splitFile: optional(path({
    help: "CSV file with the columns subject and split, instead of --split",
    placeholder: "file",
  })),
  strict: flag({ help: "fail on invalid input instead of skipping it" }),
  /**
   * Data sets of digits only: number, views, and seed; by default 5,000 / 1,000 / 3,000 MNIST pairs of two views, and
   * 10,000 / 1,000 / 3,000 tuples of PolyMNIST's five.
   */
  mnist: fileOnly(z.object({
    pairs: z.object({ train: mnistPairs, validate: mnistPairs, test: mnistPairs }).exactOptional(),
    views: z.array(z.enum([...MNIST_VIEWS, ...POLYMNIST_VIEWS])).min(1).exactOptional(),
    seed: seed.exactOptional(),
  })),
  /** Removes a view, of images or texts, from a share of the training studies; draws with one seed are nested. */
  absent: fileOnly(z.object({ view: z.string(), share, seed })),
  /** Flips each label in a share of the training studies; draws with one seed are nested. */
  labelNoise: fileOnly(z.object({ share, seed })),
  followLinks: unlessDefault(flag({ help: "follow symbolic links that lead out of the data directory" })),
  trustSynthetic: unlessDefault(flag({
    help: "trust a data set's claim that it shows no patients, so that reports may embed its pictures",
  })),
  partial: unlessDefault(flag({ help: "accept a data set even if almost all images are missing or unreadable" })),
  text: optional(choice(TEXT_SELECTIONS, {
    help: "section of the reports to use; by default findings, else impression, else the last paragraph",
  })),
  reports: optional(path({
    help: "MIMIC-CXR's reports, if not in the data directory: a folder, a zip archive or a table of sections",
    placeholder: "path",
  })),
  window: unlessDefault(text({
    help: "range of values of DICOM images",
    pattern: WINDOW_PATTERN,
    allowed: WINDOW_FORMS,
    default: "full",
  })),
  decode: unlessDefault(choice(DECODE_MODES, {
    help: "how JPEGs are decoded: exact, or fast, which is a little off: at a half, a quarter or an eighth of the size",
    default: "exact",
  })),
  viewsFile: optional(path({
    help: "table of `deno task views` with the views of images whose position is blank",
    placeholder: "file",
  })),
  demographics: optional(path({
    help:
      "MIMIC-IV's patients.csv, or a table of patients with sex, age or race, for scores of subgroups; by default " +
      "patients.csv in the data directory or the data set's own columns",
    placeholder: "file",
  })),
  testLabels: optional(path({
    help: "table of other labels for the test studies, to score under both sets; radiologists: MIMIC-CXR-JPG's, the " +
      "default if it is in the data directory",
    placeholder: "file|radiologists",
    words: [RADIOLOGISTS],
  })),
  /** Makes the images of a view worse, in training or in testing. */
  degraded: fileOnly(z.object({
    view: z.string(),
    kind: z.enum(DEGRADATIONS),
    amount: share,
    in: z.enum(DEGRADED_IN),
    seed,
  })),
};

/** Tokens of a text unless the configuration says otherwise. */
export const DEFAULT_TEXT_LENGTH = 64;

const textLength = {
  ...integer({ help: "tokens of a text, its end included; longer ones are cut", default: DEFAULT_TEXT_LENGTH }),
  schema: z.int().refine((length) => TEXT_LENGTHS.includes(length)),
  allowed: `${TEXT_LENGTHS.slice(0, -1).join(", ")} or ${TEXT_LENGTHS.at(-1)}`,
};

const anyWeight = number({ min: 0, help: "" });
const textWeight: Setting<number | "auto", "auto"> = {
  ...anyWeight,
  help: "weight of a text's reconstruction in the loss; auto: pixels of an image / tokens of a text, as published",
  allowed: "auto or a number of at least 0",
  placeholder: "auto|number",
  schema: z.union([z.literal("auto"), anyWeight.schema]),
  default: "auto",
};

/** The network, the method and their sizes. Optional settings default to the published values. */
const model = {
  method: choice(RUN_METHODS, {
    help: "multimodal VAE or autoencoder, alignment of embeddings, or supervised classifier",
    default: "mmvm",
  }),
  views: optional(list({
    item: z.string().min(1),
    parse: (word) => word,
    help: "views to use, text for the reports; all images by default",
    allowed: "comma-separated view names",
  })),
  network: choice(networkNames(), {
    help: "architecture of encoder and decoder; densenet121 and resnet50 encode as torchvision's networks",
    default: "residual",
  }),
  imageSize: integer({
    min: 4,
    max: 1024,
    help: "image size in pixels; 64, 128 or 224 for the residual network",
    default: 64,
  }),
  filterDim: integer({
    min: 1,
    max: 512,
    help: "filters of the first layer (papers: 64); of the decoder for densenet121 and resnet50",
    default: 8,
  }),
  latentDim: integer({ min: 1, max: 4096, help: "latent dimensions (papers: 256)", default: 16 }),
  dropout: number({ min: 0, below: 1, help: "dropout2d rate in the residual blocks (papers: 0.5)", default: 0 }),
  likelihood: {
    name: named("likelihood", choice(LIKELIHOODS, { help: "likelihood of the pixels", default: "laplace" })),
    scale: number({ above: 0, max: 100, help: "scale of the Laplace or Gaussian likelihood", default: 0.75 }),
  },
  prior: optional(choice(PRIORS, {
    help: "MMVM's divergence: the pairwise bound, or a Monte Carlo estimate for the mixture prior",
    default: "pairwise",
  })),
  jointKl: optional(choice(JOINT_KLS, {
    help: "count the divergence of poe, moe, mopoe and avg once per view or once",
    default: "views",
  })),
  moeAssignment: optional(choice(MOE_ASSIGNMENTS, {
    help: "assign mixture components of moe and mopoe by slices of the batch or by stratified sampling",
    default: "slices",
  })),
  viewWeights: optional(list({
    item: z.union([z.number().nonnegative(), z.string().regex(/^[^=,]+=(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i)]),
    parse: (word) => word.includes("=") ? word.trim() : word.trim() === "" ? NaN : Number(word),
    help:
      "weight of each view's reconstruction in the loss, as frontal=1,lateral=2 or in the views' order; 1 by default",
    allowed: "comma-separated numbers of at least 0, or NAME=NUMBER for each of some views",
  })),
  loss: optional(choice(CLASSIFICATION_LOSSES, {
    help:
      "loss of supervised classifiers: binary cross-entropy per label, or softmax over multi-hot labels as published",
    default: "bce",
  })),
  positiveWeights: optional(choice(POSITIVE_WEIGHTS, {
    help: "weights of positives in the bce loss; balanced: negatives / positives of each label",
    default: "none",
  })),
  textLength: unlessDefault(textLength),
  textFilterDim: optional(integer({
    min: 1,
    max: 512,
    help: "filters of the first layer of the text view's networks; as --filter-dim by default",
  })),
  textWeight: unlessDefault(textWeight),
  privateDim: optional(integer({
    min: 0,
    max: 4095,
    help:
      "how many of the latent dimensions are private to their view; half for dmvae and mmvae-plus, else 0 by default",
  })),
  tcRatio: unlessDefault(number({
    min: 0,
    max: 1,
    help: "mvtcae's alpha, the weight of the total correlation (the paper: 5/6)",
    default: PUBLISHED_OBJECTIVE.tcRatio,
  })),
  projector: optional(list({
    item: z.int().positive().max(65_536),
    parse: (word) => word.trim() === "" ? NaN : Number(word),
    help: "widths of the layers from features to the embeddings of barlow-twins, vicreg and clip; by default " +
      "256,256,256, for clip 256",
    allowed: "comma-separated whole numbers from 1 to 65536",
  })),
  redundancyWeight: unlessDefault(number({
    min: 0,
    max: 1e6,
    help: "weight of the off-diagonal correlations in barlow-twins",
    default: 0.0051,
  })),
  vicregWeights: optional({
    ...list({
      item: z.number().nonnegative(),
      parse: (word) => word.trim() === "" ? NaN : Number(word),
      help: "weights of invariance, variance and covariance in vicreg; 25,25,1 by default",
      allowed: "three comma-separated numbers of at least 0",
    }),
    schema: z.array(z.number().nonnegative()).length(3),
  }),
  temperature: unlessDefault(number({
    above: 0,
    max: 100,
    help: "initial temperature of clip's softmax, which is learned",
    default: 0.07,
  })),
  /** What `finetune` trains of encoders from another run, and what of them its heads see. */
  finetune: fileOnly(z.object({
    train: z.enum(FINETUNED_PARTS),
    latent: z.enum(["features", "mean"]),
    standardized: z.literal(true).exactOptional(),
  })),
};

/** The optimisation. */
const training = {
  seed: integer({ min: 0, max: MAX_INT, help: "random seed", default: 1 }),
  batchSize: integer({ min: 2, max: 4096, help: "pairs per step", default: 32 }),
  epochs: integer({ min: 1, max: 100_000, help: "passes over the training split", default: 24 }),
  learningRate: named(
    "lr",
    number({ above: 0, max: 1, help: "learning rate (the papers: 5e-5)", default: 1e-3 }),
  ),
  beta: number({ min: 0, max: 1e6, help: "weight of the divergence", default: 1 }),
  betaWarmupSteps: optional(integer({
    min: 0,
    max: MAX_INT,
    help: "steps over which beta is increased linearly to its full value",
    default: 0,
  })),
  /**
   * Always in the file: computed from the data unless given. 0 means no annealing: alpha starts at its final value.
   */
  alphaSteps: integer({
    min: 0,
    max: MAX_INT,
    help: "steps over which alpha is annealed; by default a fifth of all steps (three fifths on digits)",
  }),
  alphaSchedule: optional(choice(ALPHA_SCHEDULES, {
    help: "annealing of alpha, the weight of MMVM's standard normal prior, from 1",
    default: "exp",
  })),
  alpha: optional(number({
    min: 0,
    max: 1,
    help: "final value of alpha, or its value in the constant schedule",
    default: 0,
  })),
  labelled: optional(number({
    above: 0,
    max: 1,
    help: "fraction of the training patients whose labels are used by classifiers and probes",
    default: 1,
  })),
  labelledSeed: optional(integer({ min: 0, max: MAX_INT, help: "seed for sampling these patients", default: 0 })),
  precision: unlessDefault(choice(PRECISIONS, {
    help: "storage of feature maps and their gradients; f16 halves the memory",
    default: "f32",
  })),
  noEvaluation: unlessDefault(flag({
    help: "train, encode and report without scores, for data without labels or without a test split",
  })),
  /** Processes that train the run together, if there are several; results depend on their number. */
  ranks: fileOnly(z.int().min(2).max(4096)),
  augment: optional(namedNumbers(MOST_AUGMENTED, {
    help: "random changes of training images",
    implied: { shift: 0.05, scale: 0.1, rotate: 7, crop: 0.1, contrast: 0.2, brightness: 0.1, noise: 0.02 },
  })),
  validateSteps: optional(integer({
    min: 0,
    max: MAX_INT,
    help: "steps between validations during training, 0 for none; an epoch by default",
  })),
  validatePairs: optional(integer({
    min: 1,
    max: MAX_INT,
    help: "pairs of the validation split in each validation; by default at most 512, and few of a small data set",
  })),
  validateAuroc: unlessDefault(flag({
    help: "measure AUROC in each validation: of probes on a sample of labelled pairs, or of a classifier's scores",
  })),
  keepBest: optional(choice(BEST_BY, { help: "keep the checkpoint with the best validation loss or AUROC, too" })),
  patience: optional(integer({
    min: 1,
    max: MAX_INT,
    help: "stop after this many validations without improvement of --keep-best, or of the loss",
  })),
  ...OPTIMIZER_SETTINGS,
  compute: unlessDefault(choice(COMPUTE_TYPES, {
    help: "what products multiply in training; f16 needs --precision f16, and is for GPUs",
    default: "f32",
  })),
};

/** The settings that define a run, by section as in `config.json`. */
export const RUN_SETTINGS = { data, model, training };

/** Settings of one session of a run; the fields are options of `trainThroughFaults()`. */
export const SESSION_SETTINGS = {
  checkpointSeconds: integer({ min: 1, max: 86_400, help: "seconds between checkpoints", default: 300 }),
  checkpointSteps: optional(
    integer({ min: 1, max: MAX_INT, help: "steps between checkpoints, in addition to --checkpoint-seconds" }),
  ),
  keep: integer({ min: 1, max: 1_000_000, help: "number of checkpoints to keep", default: 2 }),
  skipNonFinite: named(
    "skipNonfinite",
    integer({
      min: 0,
      max: 1_000_000,
      help: "number of batches that may be skipped because their loss or gradient is not finite",
      default: 0,
    }),
  ),
  acceptChangedData: flag({
    help: "with --resume, continue although the training data changed, and record the changes",
  }),
  log: optional(list({
    item: z.enum(LOG_FORMATS),
    parse: (word) => word.trim(),
    help: "formats in which training is logged besides metrics.jsonl",
    allowed: "tensorboard, mlflow or both, separated by a comma",
  })),
  checkNumerics: flag({ help: "check the results of every op and name the first that is NaN or infinite (slow)" }),
};
