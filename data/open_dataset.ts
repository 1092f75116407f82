import { checkFiles } from "./check_files.ts";
import { DataError } from "./errors.ts";
import { requireDirectory } from "./find_table.ts";
import type { BlankPolicy, UncertainPolicy } from "./labels.ts";
import { type LabelSource, looksLikeMimic, readMimic, readMimicLabels } from "./read_mimic.ts";
import { applySplits, assertDisjointSplits, dropUnsplit, type SplitPolicy } from "./splits.ts";
import type { DatasetName, IndexPolicies, PairPolicy, StudyIndex } from "./study_index.ts";

/** What to read and how. Every policy has the published default. */
export interface OpenDatasetOptions {
  /** Recognised from the directory's files when left out. */
  dataset?: DatasetName;
  /** The data directory. */
  root: string;
  /** Default `chexpert`. */
  labelSource?: LabelSource;
  /** Default `zeros`. */
  uncertain?: UncertainPolicy;
  /** Default `zeros`. */
  blank?: BlankPolicy;
  /** Default `all-combinations`. */
  pairs?: PairPolicy;
  /** Default `official`; for a data set that has none, `paper`. */
  splits?: SplitPolicy;
  /** Seed of the `paper` split, default 0: one for all runs that are compared. */
  splitSeed?: number;
  /** Look for every image file, default true. Without it, missing files show only when pixels are prepared. */
  checkFiles?: boolean;
  /** Make every skip of bad input an error, default false. */
  strict?: boolean;
  signal?: AbortSignal;
}

/** The options as a reader gets them. */
export interface ReadOptions {
  labelSource: LabelSource;
  policies: IndexPolicies;
  splits: SplitPolicy;
  strict: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Reads a data set's tables into an index: subjects, studies, images, views, splits and label states. No pixels are
 * read. Bad rows, missing files and studies without labels are left out, counted and named in `index.drops`.
 *
 * @throws {DataError} for what cannot be read at all (with file, line and column), for a patient in two splits, and with
 * `strict` for the first thing that would be left out because of bad input.
 *
 * @example
 * ```ts
 * const index = await openDataset({ root: "/data/mimic-cxr-jpg", uncertain: "ignore" });
 * console.log(index.studies.count, index.drops.entries());
 * ```
 */
export async function openDataset(options: OpenDatasetOptions): Promise<StudyIndex> {
  const dataset = options.dataset ?? detectDataset(options.root);
  const splits = options.splits ?? "official";
  const read: ReadOptions = {
    labelSource: options.labelSource ?? "chexpert",
    policies: {
      uncertain: options.uncertain ?? "zeros",
      blank: options.blank ?? "zeros",
      pairs: options.pairs ?? "all-combinations",
      splits: typeof splits === "string" ? splits : `file:${splits.file}`,
      splitSeed: options.splitSeed ?? 0,
    },
    splits,
    strict: options.strict ?? false,
    signal: options.signal,
  };
  const index = await readIndex(dataset, options.root, read);
  if (options.checkFiles ?? true) checkFiles(index, { signal: options.signal });
  assertDisjointSplits(index, index.studies.ids.keys());
  return index;
}

async function readIndex(dataset: DatasetName, root: string, options: ReadOptions): Promise<StudyIndex> {
  switch (dataset) {
    case "phantoms":
    case "mimic-cxr": {
      const index = await readMimic(root, { ...options, dataset });
      if (options.splits !== "official") {
        await applySplits(index, { policy: options.splits, seed: options.policies.splitSeed });
      }
      await readMimicLabels(index, options);
      if (options.splits !== "official") dropUnsplit(index);
      return index;
    }
    default:
      throw new DataError(`the data set ${dataset} cannot be read.`);
  }
}

/** The data set that a directory holds, by its files. */
export function detectDataset(root: string): DatasetName {
  requireDirectory(root);
  if (looksLikeMimic(root)) return "mimic-cxr";
  throw new DataError("no known data set is in this directory.", { file: root });
}
