/**
 * Opens and prepares the data set of a run.
 *
 * @module
 */
import {
  type DecodeDifference,
  openDataset,
  type OpenDatasetOptions,
  pairStudies,
  type PairTable,
  type PreparedPixels,
  preparePixels,
  type PreparePlan,
  type PrepareProgress,
  type StudyIndex,
  type TokenTable,
  type Vocabulary,
} from "../../data/mod.ts";
import { degradedView } from "./degraded_view.ts";
import { withAbsentText, withAbsentView } from "./absent_view.ts";
import { TEXT_VIEW } from "./text_view.ts";
import { withLabelNoise } from "./label_noise.ts";
import type { DataConfig } from "../run/run_config.ts";

/** The data that training and evaluation use. */
export interface RunData {
  /** The studies. */
  readonly index: StudyIndex;
  /** The prepared images. */
  readonly pixels: PreparedPixels;
  /** All pairs. */
  readonly pairs: PairTable;
  /** Seconds that preparing the images took. */
  readonly prepareSeconds: number;
  /** The studies' texts as tokens, in a run with a text view; see `withTexts()`. */
  readonly texts?: RunTexts;
}

/** The texts of a run's data. */
export interface RunTexts {
  /** The words of the run. */
  readonly vocabulary: Vocabulary;
  /** The tokens of every study. */
  readonly table: TokenTable;
}

/** Options of {@link openRunData}. */
export interface OpenRunDataOptions {
  /** The data and how to read them. */
  readonly data: DataConfig;
  /** Side of the square images in pixels. */
  readonly imageSize: number;
  /** Whether to read the studies' reports; not by default. With `alone`, no image is looked up or prepared. */
  readonly texts?: boolean | "alone";
  /** Folder of all caches. */
  readonly cacheDir: string;
  /** Called once the tables are read, before any image is prepared; what it throws ends the opening. */
  readonly onIndex?: (data: Pick<RunData, "index" | "pairs">) => void;
  /** Measures what fast decoding changes, for the manifest of a cache that is begun; see `preparePixels()`. */
  readonly measureDecode?: (imageSize: number) => Promise<DecodeDifference>;
  /** Called once if another process is preparing the same images. */
  readonly onWait?: () => void;
  /** Called once before the work starts. */
  readonly onPlan?: (plan: PreparePlan) => void;
  /** Called with the progress. */
  readonly onProgress?: (progress: PrepareProgress) => void;
  /** Aborted to stop early. */
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
    ...(data.partial === undefined ? {} : { partial: data.partial }),
    ...(data.followLinks === undefined ? {} : { followLinks: data.followLinks }),
    ...(data.trustSynthetic === undefined ? {} : { trustSynthetic: data.trustSynthetic }),
    ...(data.text === undefined ? {} : { text: data.text }),
    ...(data.reports === undefined ? {} : { reports: data.reports }),
    ...(data.window === undefined ? {} : { window: data.window }),
    ...(data.decode === undefined ? {} : { decode: data.decode }),
    ...(data.viewsFile === undefined ? {} : { viewsFile: data.viewsFile }),
    ...(data.demographics === undefined ? {} : { demographics: data.demographics }),
    ...(data.testLabels === undefined ? {} : { testLabels: data.testLabels }),
    strict: data.strict,
    ...(data.mnist === undefined ? {} : { mnist: data.mnist }),
  };
}

/**
 * Reads the tables, prepares the pixels (or finds them prepared) and forms the pairs.
 *
 * @throws {DataError} if they cannot be read.
 */
export async function openRunData(options: OpenRunDataOptions): Promise<RunData> {
  const started = performance.now();
  const { data, imageSize, texts = false, cacheDir, measureDecode, onIndex, onWait, onPlan, onProgress } = options;
  const abort = options.signal ? { signal: options.signal } : {};
  const index = await openDataset({
    ...datasetOptionsOf(data),
    texts: texts !== false,
    ...(texts === "alone" ? { checkFiles: false } : {}),
    ...abort,
  });
  onIndex?.({ index, pairs: pairStudies(index) });
  const pixels = await preparePixels(index, {
    cacheDir,
    imageSize,
    ...(texts === "alone" ? { images: [] } : {}),
    ...(measureDecode ? { measureDecode } : {}),
    ...(onWait ? { onWait } : {}),
    ...(onPlan ? { onPlan } : {}),
    ...(onProgress ? { onProgress } : {}),
    ...abort,
  });
  const whole = { index, pixels, pairs: pairStudies(index), prepareSeconds: (performance.now() - started) / 1000 };
  return alterRunData(whole, data);
}

/**
 * Applies a configuration's changes: removed views and label noise to the training split, and a view made worse in the
 * splits that it names. All else is unchanged.
 *
 * @param whole Data opened without these changes; not modified.
 * @throws {DataError} naming a view that the data do not have.
 */
export function alterRunData(
  whole: RunData,
  { absent, degraded, labelNoise }: Pick<DataConfig, "absent" | "degraded" | "labelNoise">,
): RunData {
  if (degraded !== undefined) {
    const pixels = whole.pixels.altered(degradedView(whole.index, degraded));
    return alterRunData({ ...whole, pixels }, {
      ...(absent ? { absent } : {}),
      ...(labelNoise ? { labelNoise } : {}),
    });
  }
  const index = labelNoise === undefined ? whole.index : withLabelNoise(whole.index, labelNoise);
  if (absent?.view === TEXT_VIEW && !index.views.includes(TEXT_VIEW)) {
    return { ...whole, index: withAbsentText(index, absent) };
  }
  const pairs = absent === undefined ? whole.pairs : withAbsentView(whole.pairs, { ...absent, index });
  return { ...whole, index, pairs };
}
