/**
 * New samples of a trained model as files: from a Gaussian mixture fitted to its aggregate posterior.
 *
 * @module
 */
import type { RunData } from "../../training/data/run_data.ts";
import type { OpenModel } from "../runs/open_model.ts";
import { encodePng } from "../runs/encode_png.ts";
import { pictureGrid } from "../runs/picture_grid.ts";
import { type Shown, ShownViews } from "../runs/shown_views.ts";
import type { TranslationFile } from "../runs/translate_run.ts";
import { fitAggregatePosterior, type FittedMixture, sampleViews } from "./aggregate_posterior.ts";

/** Most samples in the overview. */
const MOST_COLUMNS = 16;

/** Options of {@linkcode sampleRun}. */
export interface SampleRunOptions {
  /** The model, opened by {@linkcode openModel}. */
  readonly open: OpenModel;
  /** The data it was trained on, opened by {@linkcode openRunData}. */
  readonly data: RunData;
  /** Number of samples. */
  readonly count: number;
  /** Seed of the mixture and of the samples; 0 by default. */
  readonly seed?: number;
  /** Called with the mixtures once they are fitted. */
  readonly onFitted?: (mixtures: readonly FittedMixture[]) => void;
  /** Called with the progress. */
  readonly onProgress?: (progress: { stage: string; done: number; total: number }) => void;
  /** Aborted to stop early. */
  readonly signal?: AbortSignal;
}

/**
 * Fits a mixture to the posteriors of the training pairs, draws latents from it and decodes them. Works for every VAE,
 * also where nothing holds latents to N(0, I), as for MMVM at alpha 0.
 *
 * @yields `VIEW/00001.png` (`.txt` for texts) for every sample and view, and in the end `samples.png`, a row per image
 * view with the first samples as columns.
 * @throws {DataError} if the training split has too few pairs.
 */
export async function* sampleRun(options: SampleRunOptions): AsyncGenerator<TranslationFile> {
  const { open: { model, views, texts }, data, count, seed = 0, signal } = options;
  const mixtures = await fitAggregatePosterior({ ...options, model, views, texts, seed });
  options.onFitted?.(mixtures);
  const size = data.pixels.imageSize;
  const shown = new ShownViews({ views, texts, imageSize: size, batchSize: model.shape.batchSize });
  const rows: Uint8Array[][] = views.names.map(() => []);
  let done = 0;
  for await (const batch of sampleViews(model, mixtures, { count, seed })) {
    for (let row = 0; row < batch.size; row++, done++) {
      signal?.throwIfAborted();
      for (const [view, name] of views.names.entries()) {
        const sample = shown.decoded(batch.views[view]!, { view, row });
        yield await fileOf(sample, { name: `${name}/${String(done + 1).padStart(5, "0")}`, size });
        if (typeof sample !== "string" && rows[view]!.length < MOST_COLUMNS) rows[view]!.push(sample);
      }
      options.onProgress?.({ stage: "sampling", done: done + 1, total: count });
    }
  }
  const pictured = rows.filter((row) => row.length > 0);
  if (pictured.length > 0) yield { name: "samples.png", bytes: await pictureGrid(pictured, { size }) };
}

async function fileOf(sample: Shown, { name, size }: { name: string; size: number }): Promise<TranslationFile> {
  if (typeof sample === "string") return { name: `${name}.txt`, bytes: new TextEncoder().encode(`${sample}\n`) };
  return { name: `${name}.png`, bytes: await encodePng(sample, { width: size, height: size }) };
}
