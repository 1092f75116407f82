/**
 * Encodes every pair of a data set in evaluation mode.
 *
 * @module
 */
import { batchesInOrder } from "./batches_in_order.ts";
import type { PairTable } from "../../data/mod.ts";
import type { EncoderInference, VaeInference } from "../../models/mod.ts";
import type { ViewLatents } from "../protocol/study_table.ts";
import type { RunData } from "../../training/data/run_data.ts";

/** Options of {@linkcode encodePairs}. */
export interface EncodePairsOptions {
  /** The model; its batch size determines that of encoding. */
  readonly model: Pick<VaeInference, "shape" | "encode"> | Pick<EncoderInference, "shape" | "encode">;
  readonly data: Pick<RunData, "index" | "pixels" | "texts">;
  /** Pairs with an image of each of the model's image views. */
  readonly pairs: PairTable;
  readonly onProgress?: (progress: { done: number; total: number }) => void;
  readonly signal?: AbortSignal;
}

/** Returns the latents of every view, posterior means or features: one row per pair that has the view. */
export async function encodePairs(options: EncodePairsOptions): Promise<ViewLatents[]> {
  const { model, data, pairs } = options;
  const { views: names, batchSize } = model.shape;
  const rows = names.map((): { mu: Float32Array; study: number }[] => []);
  let done = 0;
  for await (const batch of batchesInOrder(data, { pairs, batchSize, texts: data.texts })) {
    options.signal?.throwIfAborted();
    // Copied, because the loader reuses the batch's memory for the next one.
    const { size, studies, present } = batch;
    const { mu } = await model.encode(batch);
    for (let row = 0; row < size; row++) {
      names.forEach((_, m) => {
        if (!present[m * batchSize + row]) return;
        const dimension = mu[m]!.length / batchSize;
        rows[m]!.push({ mu: mu[m]!.subarray(row * dimension, (row + 1) * dimension), study: studies[row]! });
      });
    }
    done += size;
    options.onProgress?.({ done, total: pairs.count });
  }
  return names.map((view, m): ViewLatents => {
    const list = rows[m]!;
    const dimension = list[0]?.mu.length ?? 0;
    const values = new Float32Array(list.length * dimension);
    list.forEach(({ mu }, i) => values.set(mu, i * dimension));
    return { view, values, dimension, study: Int32Array.from(list, ({ study }) => study) };
  });
}
