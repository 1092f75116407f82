/**
 * A run's data set, opened and prepared.
 *
 * @module
 */
import {
  openDataset,
  type OpenDatasetOptions,
  pairStudies,
  type PairTable,
  type PreparedPixels,
  preparePixels,
  type PreparePlan,
  type PrepareProgress,
  type StudyIndex,
} from "../../data/mod.ts";
import type { DataConfig } from "./run_config.ts";

/** What training and evaluation read from. */
export interface RunData {
  readonly index: StudyIndex;
  readonly pixels: PreparedPixels;
  readonly pairs: PairTable;
  readonly prepareSeconds: number;
}

/** How to open it. */
export interface OpenRunDataOptions {
  readonly data: DataConfig;
  readonly imageSize: number;
  readonly cacheDir: string;
  readonly onPlan?: (plan: PreparePlan) => void;
  readonly onProgress?: (progress: PrepareProgress) => void;
  readonly signal?: AbortSignal;
}

/** The options of `openDataset()` from a run's configuration. */
export function datasetOptionsOf(data: DataConfig): OpenDatasetOptions {
  const splits = data.splitFile === undefined ? data.split : { file: data.splitFile };
  return {
    ...(data.dataset === undefined ? {} : { dataset: data.dataset }),
    ...(data.root === undefined ? {} : { root: data.root }),
    ...(splits === undefined ? {} : { splits }),
    labelSource: data.labels,
    uncertain: data.uncertain,
    blank: data.blank,
    pairs: data.pairs,
    splitSeed: data.splitSeed,
    strict: data.strict,
  };
}

/**
 * Reads the tables, prepares the pixels (or finds them prepared) and forms the pairs.
 *
 * @throws {DataError} for what cannot be read.
 */
export async function openRunData(options: OpenRunDataOptions): Promise<RunData> {
  const started = performance.now();
  const { data, imageSize, cacheDir, onPlan, onProgress, signal } = options;
  const abort = signal ? { signal } : {};
  const index = await openDataset({ ...datasetOptionsOf(data), ...abort });
  const pixels = await preparePixels(index, {
    cacheDir,
    imageSize,
    ...(onPlan ? { onPlan } : {}),
    ...(onProgress ? { onProgress } : {}),
    ...abort,
  });
  return { index, pixels, pairs: pairStudies(index), prepareSeconds: (performance.now() - started) / 1000 };
}
