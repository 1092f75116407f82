import type { ReadOptions } from "./read_options.ts";
import { basename } from "node:path";
import { checkFiles } from "../index/check_files.ts";
import { refuseMostlyLost } from "../index/check_loss.ts";
import { DataError } from "../../base/errors.ts";
import { requireDirectory } from "./find_table.ts";
import type { BlankPolicy, UncertainPolicy } from "../index/labels.ts";
import { looksLikePhantoms } from "./phantom_record.ts";
import { chexpertHasTest, findChexpert } from "./chexpert_folders.ts";
import { readChexpert } from "./read_chexpert.ts";
import { looksLikeMimic, readMimic, readMimicLabels } from "./read_mimic.ts";
import type { LabelSource } from "./read_options.ts";
import { type MnistOptions, readMnist } from "./read_mnist.ts";
import { looksLikePairedCsv, readPairedCsv } from "./read_paired_csv.ts";
import { applySplits, assertDisjointSplits, dropUnsplit, type SplitPolicy } from "../index/splits.ts";
import type { DatasetName, PairPolicy, StudyIndex } from "../index/study_index.ts";

/** What to read and how. Every policy has the published default. */
export interface OpenDatasetOptions {
  /** Recognised from the directory's files when left out. */
  dataset?: DatasetName;
  /** The data directory. Needed for all but `mnist-pairs`, which come with the packages. */
  root?: string;
  /** Of MIMIC-CXR-JPG and phantoms, default `chexpert`. */
  labelSource?: LabelSource;
  /** Default `zeros`. */
  uncertain?: UncertainPolicy;
  /** Default `zeros`. */
  blank?: BlankPolicy;
  /** Default `all-combinations`. */
  pairs?: PairPolicy;
  /** Default `official`; for CheXpert without a test table, which has no split to test on, `paper`. */
  splits?: SplitPolicy;
  /** Seed of the `paper` split, default 0: one for all runs that are compared. */
  splitSeed?: number;
  /** Of `mnist-pairs`. */
  mnist?: MnistOptions;
  /** Look for every image file, default true. Without it, missing files show only when pixels are prepared. */
  checkFiles?: boolean;
  /** Take a data set of which almost all images are missing or unreadable, default false. */
  partial?: boolean;
  /** Read images that links lead to outside the data directory, default false. */
  followLinks?: boolean;
  /** Take the word of `dataset.json` that no picture shows a patient, default false. */
  trustSynthetic?: boolean;
  /** Make every skip of bad input an error, default false. */
  strict?: boolean;
  signal?: AbortSignal;
}

/**
 * Reads a data set's tables into an index: subjects, studies, images, views, splits and label states. No pixels are
 * read. Bad rows, missing files and studies without labels are left out, counted and named in `index.drops`.
 *
 * @throws {DataError} for what cannot be read at all (with file, line and column), for a patient in two splits, and
 * with `strict` for the first thing that would be left out because of bad input.
 *
 * @example
 * ```ts
 * const index = await openDataset({ root: "/data/mimic-cxr-jpg", uncertain: "ignore" });
 * console.log(index.studies.count, index.drops.entries());
 * ```
 */
export async function openDataset(options: OpenDatasetOptions): Promise<StudyIndex> {
  const dataset = options.dataset ?? detectDataset(requireRoot(options.root));
  const splits = options.splits ?? defaultSplits(dataset, options.root);
  const read: ReadOptions = {
    labelSource: options.labelSource ?? "chexpert",
    policies: {
      uncertain: options.uncertain ?? "zeros",
      blank: options.blank ?? "zeros",
      pairs: options.pairs ?? "all-combinations",
      splits: typeof splits === "string" ? splits : `file:${basename(splits.file)}`,
      splitSeed: options.splitSeed ?? 0,
    },
    splits,
    strict: options.strict ?? false,
    trustSynthetic: options.trustSynthetic ?? false,
    signal: options.signal,
  };
  const index = await readIndex(dataset, { ...read, root: options.root, mnist: options.mnist ?? {} });
  if (options.checkFiles ?? true) {
    checkFiles(index, { followLinks: options.followLinks, signal: options.signal });
    if (!options.partial) refuseMostlyLost(index);
  }
  assertDisjointSplits(index, index.studies.ids.keys());
  return index;
}

async function readIndex(
  dataset: DatasetName,
  options: ReadOptions & { root: string | undefined; mnist: MnistOptions },
): Promise<StudyIndex> {
  const index = await readTables(dataset, options);
  if (options.splits !== "official") {
    await applySplits(index, { policy: options.splits, seed: options.policies.splitSeed });
    dropUnsplit(index);
  }
  // MIMIC's labels may depend on the split: the test studies' can be the radiologists'.
  if (dataset === "phantoms" || dataset === "mimic-cxr") await readMimicLabels(index, options);
  return index;
}

async function readTables(
  dataset: DatasetName,
  options: ReadOptions & { root: string | undefined; mnist: MnistOptions },
): Promise<StudyIndex> {
  switch (dataset) {
    case "phantoms":
    case "mimic-cxr":
      return await readMimic(requireRoot(options.root), { ...options, dataset });
    case "chexpert":
      return await readChexpert(requireRoot(options.root), options);
    case "csv":
      return await readPairedCsv(requireRoot(options.root), options);
    case "mnist-pairs":
      return readMnist(options.root, options);
  }
}

function requireRoot(root: string | undefined): string {
  if (root === undefined) throw new DataError("a data directory is required; only mnist-pairs come without one");
  return root;
}

function defaultSplits(dataset: DatasetName, root: string | undefined): SplitPolicy {
  return dataset === "chexpert" && !chexpertHasTest(requireRoot(root)) ? "paper" : "official";
}

/** The data set that a directory holds, by its files. Throws a {@linkcode DataError} where it is none that is known. */
export function detectDataset(root: string): DatasetName {
  requireDirectory(root);
  if (looksLikePairedCsv(root)) return "csv";
  if (looksLikeMimic(root)) return looksLikePhantoms(root) ? "phantoms" : "mimic-cxr";
  if (findChexpert(root) !== undefined) return "chexpert";
  throw new DataError(
    "no known data set is here; expected are mimic-cxr-2.0.0-metadata.csv(.gz) (MIMIC-CXR-JPG), train.csv (CheXpert) or " +
      "dataset.json (a table of your own)",
    { file: root },
  );
}
