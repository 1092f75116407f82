/**
 * The data sets that are made of MNIST's digits.
 *
 * @module
 */
import type { DatasetName } from "./study_index.ts";

/** The data sets that are made of MNIST's images. */
export const DIGIT_DATASETS = ["mnist-pairs", "polymnist"] as const satisfies readonly DatasetName[];
/** One of {@linkcode DIGIT_DATASETS}. */
export type DigitDataset = (typeof DIGIT_DATASETS)[number];

/** Whether a data set is made of digits: it comes with the packages, and every study has exactly one label. */
export function isDigits(dataset: string | undefined): dataset is DigitDataset {
  return DIGIT_DATASETS.some((name) => name === dataset);
}
