/**
 * Trains a small classifier of views on the images whose view position is known, and applies it to all images.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { SeededRandom } from "../../base/random.ts";
import { OTHER_VIEW, type PreparedPixels, type StudyIndex } from "../../data/mod.ts";
import {
  type ClassifierConfig,
  ClassifierInference,
  createClassifierTrainer,
  type HostTensor,
} from "../../models/mod.ts";
import type { Device } from "../../runtime/mod.ts";

/** Share of the patients whose images are held out of training to measure the accuracy. */
const HELD_OUT = 0.2;
const BATCH = 64;
/** Steps between readings of the metrics, which wait for the GPU. */
const READ_EVERY = 64;
const LEARNING_RATE = 1e-3;

/** What an image is used for. */
export const VIEW_PARTS = ["train", "held-out", "blank"] as const;
/** One of {@linkcode VIEW_PARTS}. */
export type ViewPart = (typeof VIEW_PARTS)[number];

/** The images of a data set by the class of their view. */
export interface ViewImages {
  /** The data set's views, then `other`: a view position that is none of them. */
  classes: readonly string[];
  /** Image numbers, ascending. */
  images: Int32Array;
  /** The labelled class of each, or -1 if the view position is blank. */
  labels: Int8Array;
  /** What each is used for. */
  parts: readonly ViewPart[];
}

/**
 * Sorts the kept images into those to learn from, those of held-out patients, and those whose view position is blank.
 *
 * @throws {DataError} if fewer than two classes are labelled on either side.
 */
export function viewImages(index: StudyIndex, options: { seed: number }): ViewImages {
  const { images, studies, subjects } = index;
  const classes = [...index.views, OTHER_VIEW];
  const isHeldOut = drawHeldOut(subjects.ids, options.seed);
  const kept = Int32Array.from({ length: images.count }, (_, image) => image).filter((image) => index.isKept(image));
  const labels = Int8Array.from(kept, (image) => {
    if (images.view[image]! >= 0) return images.view[image]!;
    return images.positions[images.position[image]!] === "" ? -1 : classes.length - 1;
  });
  const parts = Array.from(kept, (image, i): ViewPart => {
    if (labels[i]! < 0) return "blank";
    return isHeldOut[studies.subject[images.study[image]!]!] === 1 ? "held-out" : "train";
  });
  for (const part of ["train", "held-out"] as const) {
    const seen = new Set(labels.filter((_, i) => parts[i] === part));
    if (seen.size >= 2) continue;
    const what = seen.size === 0 ? "no image" : `only ${classes[[...seen][0]!]} images`;
    throw new DataError(
      `${what} of the ${part === "train" ? "patients to learn from" : "held-out patients"} have a view position; ` +
        "images of at least two views are required",
      { file: index.root },
    );
  }
  return { classes, images: kept, labels, parts };
}

/** 1 for the patients that are held out, which depend on the identifiers and the seed only. */
function drawHeldOut(ids: readonly string[], seed: number): Uint8Array {
  const order = Array.from(ids, (_, i) => i).sort((a, b) => (ids[a]! < ids[b]! ? -1 : 1));
  new SeededRandom("held-out patients", seed).shuffle(order);
  const heldOut = new Uint8Array(ids.length);
  for (const subject of order.slice(0, Math.round(ids.length * HELD_OUT))) heldOut[subject] = 1;
  return heldOut;
}

/** Options of {@linkcode classifyViews}. */
export interface ClassifyViewsOptions {
  /** The prepared images. */
  pixels: PreparedPixels;
  /** Seed of the initial parameters and of the order of the images. */
  seed: number;
  /** Training steps of 64 images. */
  steps: number;
  /** Called after each batch. */
  onProgress?: (progress: { done: number; total: number }) => void;
  /** Aborted to stop early. */
  signal?: AbortSignal;
}

/**
 * Trains the classifier on the images to learn from, and returns the probability of each class for every image,
 * `[images, classes]`.
 */
export async function classifyViews(
  device: Device,
  views: ViewImages,
  options: ClassifyViewsOptions,
): Promise<Float64Array> {
  const config: ClassifierConfig = {
    method: "supervised",
    views: ["image"],
    labels: views.classes.length,
    network: "small",
    imageSize: options.pixels.imageSize,
    filterDim: 8,
    latentDim: 8,
    dropout: 0,
    loss: "softmax",
  };
  const state = await train(device, { config, views, ...options });
  using inference = await ClassifierInference.open(device, { config, batchSize: BATCH });
  inference.write(state);
  const { images, classes } = views;
  const probabilities = new Float64Array(images.length * classes.length);
  const batch = new Uint8Array(BATCH * options.pixels.bytesPerImage);
  const total = options.steps + Math.ceil(images.length / BATCH);
  for (let from = 0; from < images.length; from += BATCH) {
    options.signal?.throwIfAborted();
    const numbers = images.subarray(from, from + BATCH);
    fill(batch, numbers, options.pixels);
    const { views: [scores] } = await inference.score(batch);
    for (let i = 0; i < numbers.length; i++) {
      const row = softmax(scores!.subarray(i * classes.length, (i + 1) * classes.length));
      probabilities.set(row, (from + i) * classes.length);
    }
    options.onProgress?.({ done: options.steps + from / BATCH + 1, total });
  }
  return probabilities;
}

async function train(
  device: Device,
  { config, views, pixels, seed, steps, onProgress, signal }: ClassifyViewsOptions & {
    config: ClassifierConfig;
    views: ViewImages;
  },
): Promise<Map<string, HostTensor>> {
  const { images, labels, parts, classes } = views;
  using trainer = await createClassifierTrainer(device, { config, batchSize: BATCH, seed });
  const order = Array.from(images, (_, i) => i).filter((i) => parts[i] === "train");
  const batch = new Uint8Array(BATCH * pixels.bytesPerImage);
  const chosen = new Int32Array(BATCH);
  const random = new SeededRandom("order of images", seed);
  const total = steps + Math.ceil(images.length / BATCH);
  for (let step = 0, at = order.length; step < steps; step++) {
    signal?.throwIfAborted();
    const targets = new Int8Array(BATCH * classes.length);
    for (let row = 0; row < BATCH; row++) {
      if (at === order.length) {
        random.shuffle(order);
        at = 0;
      }
      const i = order[at++]!;
      chosen[row] = images[i]!;
      targets[row * classes.length + labels[i]!] = 1;
    }
    fill(batch, chosen, pixels);
    trainer.step({ pixels: batch, labels: targets }, { step, learningRate: LEARNING_RATE, beta: 0, alpha: 0 });
    if (step % READ_EVERY === READ_EVERY - 1) await trainer.readMetrics();
    onProgress?.({ done: step + 1, total });
  }
  return await trainer.read();
}

function fill(batch: Uint8Array, images: Int32Array, pixels: PreparedPixels): void {
  const size = pixels.bytesPerImage;
  images.forEach((image, row) => pixels.read(image, batch.subarray(row * size, (row + 1) * size)));
}

/** The probabilities of exclusive classes, from each one's logistic score. */
function softmax(scores: Float64Array): Float64Array {
  // Scores of 0 and 1, beyond the precision of float64, stand for very small and large logits.
  const odds = scores.map((score) => score / Math.max(1 - score, Number.EPSILON));
  const sum = odds.reduce((a, b) => a + b, 0);
  return odds.map((value) => value / sum);
}
