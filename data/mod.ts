/**
 * The data pipeline for paired chest X-rays (and other multi-view studies): tables to an index, the index to prepared
 * pixels, pairs to batches of bytes. Independent of models and of the GPU.
 *
 * ```ts
 * // Reads tables only; bad input is counted in index.drops.
 * const index = await openDataset({ root: "/data/mimic-cxr-jpg" });
 * // Decodes every image once and can be interrupted; bad images are excluded, so form pairs afterwards.
 * const pixels = await preparePixels(index, { cacheDir: "cache", imageSize: 64 });
 * const pairs = pairStudies(index);
 * const loader = createLoader(pixels, { index, pairs: pairsOfSplit(index, pairs, "train"), batchSize: 32, seed: 1 });
 * for await (const batch of loader.batches({ from: { epoch: 0, step: 0 }, untilEpoch: 2 })) {
 *   // batch.pixels: Uint8Array [view][row][y][x]; batch.present [view][row];
 *   // batch.labels [row][label] in {1, 0, -1 = ignored}; batch.studies [row]. Valid until the next batch.
 * }
 * // The `data` record of results.json.
 * const record = describeIndex(index, { pairs, imageSize: 64 });
 * ```
 *
 * @module
 */
export { DataError } from "../base/errors.ts";
export { detectDataset, openDataset, type OpenDatasetOptions } from "./readers/open_dataset.ts";
export {
  type DatasetName,
  DATASETS,
  type ImageColumns,
  IndexBuilder,
  type IndexColumns,
  type IndexPolicies,
  PAIR_POLICIES,
  type PairPolicy,
  type Split,
  SPLITS,
  type StudyColumns,
  StudyIndex,
  type StudyIndexHeader,
  type SubjectColumns,
} from "./index/study_index.ts";
export {
  BLANK_POLICIES,
  type BlankPolicy,
  CHEST_LABELS,
  LABEL_STATES,
  type LabelState,
  labelValue,
  type TestLabels,
  UNCERTAIN_POLICIES,
  type UncertainPolicy,
} from "./index/labels.ts";
export { type Attribute, ATTRIBUTES, type Demographics, GROUPS } from "./demographics/demographics.ts";
export { RADIOLOGISTS, readTestLabels } from "./readers/test_labels.ts";
export { readDemographics } from "./demographics/read_demographics.ts";
export { type Tokens, TokenTable } from "./text/token_table.ts";
export { type EncodedText, EOS, PAD, UNKNOWN, Vocabulary, type VocabularyFile } from "./text/vocabulary.ts";
export { joinWords, tokenize } from "./text/tokenize.ts";
export { parseReport } from "./text/parse_report.ts";
export {
  type ReportParts,
  StudyTexts,
  TEXT_ORIGINS,
  TEXT_SELECTIONS,
  type TextCounts,
  type TextLengths,
  type TextOrigin,
  type TextSelection,
} from "./text/study_texts.ts";
export type { DecodedImage, Samples } from "./image/decoded_image.ts";
export {
  DECODE_MODES,
  type DecodeMode,
  type ImageLocation,
  type ImageSource,
  type Preprocessing,
} from "./image/image_source.ts";
export { parseWindow, type VoiWindow, WINDOW_FORMS, WINDOW_PATTERN } from "./image/dicom/voi_window.ts";
export { OTHER_VIEW, VIEWS_COLUMNS } from "./readers/views_file.ts";
export { CHEST_VIEWS, viewOfPosition } from "./index/views.ts";
export { DIGIT_DATASETS, type DigitDataset, isDigits } from "./index/digit_datasets.ts";
export { MAX_MNIST_PAIRS, MNIST_VIEWS, type MnistOptions, type MnistView } from "./readers/read_mnist.ts";
export { POLYMNIST_VIEWS, type PolymnistView } from "./readers/polymnist_views.ts";
export { type PairedCsvHeader } from "./readers/read_paired_csv.ts";
export { LABEL_SOURCES, type LabelSource } from "./readers/read_options.ts";
export { assertDisjointSplits, patientOverlap, splitBySubject, type SplitPolicy } from "./index/splits.ts";
export { pairsOfSplit, pairStudies, type PairTable, selectPairs, studiesOfPairs } from "./index/pairs.ts";
export { withTestStudies } from "./index/with_test_studies.ts";
export { labelledSubset, subjectsOfPairs } from "./index/subsets.ts";
export { type CohortStep, cohortTable, dropEntries } from "./index/cohort.ts";
export {
  DROP_STEPS,
  type DropEntry,
  DropLog,
  type DropReason,
  type DropStep,
  type DropUnit,
} from "./index/drop_log.ts";
export {
  type DataDescription,
  type DataSummary,
  describeIndex,
  type GroupSummary,
  type SecondLabelSummary,
  type StateCounts,
  summarizeIndex,
} from "./index/describe.ts";
export { describeTexts, type TextDescription } from "./index/describe_texts.ts";
export { checkFiles, type CheckFilesOptions } from "./index/check_files.ts";
export { checkImages } from "./cache/check_images.ts";
export {
  imagesOfPairs,
  type PrepareOptions,
  preparePixels,
  type PreparePlan,
  type PrepareProgress,
} from "./cache/prepare_pixels.ts";
export { type ImageAlteration, PreparedPixels } from "./cache/prepared_pixels.ts";
export { type CacheManifest, type DecodeDifference, locateCache } from "./cache/manifest.ts";
export type { CachePart } from "./cache/cache_parts.ts";
export type { Shard } from "./cache/shard.ts";
export { type Batch, createLoader, labelsOfStudies, type Loader, type LoaderOptions } from "./loader/loader.ts";
export { type BatchBuffers, fillBatch } from "./loader/fill_batch.ts";
export { type LoaderPosition, type PartialBatch, stepsPerEpoch } from "./loader/order.ts";
