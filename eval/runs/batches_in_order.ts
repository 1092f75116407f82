/**
 * The batches of pairs that are measured rather than trained on.
 *
 * @module
 */
import { type Batch, createLoader, type PairTable } from "../../data/mod.ts";
import type { RunData, RunTexts } from "../../training/data/run_data.ts";

/** Options of {@linkcode batchesInOrder}. */
export interface BatchesInOrderOptions {
  readonly pairs: PairTable;
  readonly batchSize: number;
  /** The texts by the run's vocabulary, if the run has a text view. */
  readonly texts?: RunTexts | undefined;
}

/** Yields each pair once, in the order of the table; the last batch is padded to the batch size. */
export function batchesInOrder(
  { index, pixels }: Pick<RunData, "index" | "pixels">,
  { pairs, batchSize, texts }: BatchesInOrderOptions,
): AsyncGenerator<Batch, void, void> {
  const options = { index, pairs, batchSize, shuffle: false, partial: "pad", texts: texts?.table } as const;
  return createLoader(pixels, options).batches({ untilEpoch: 1 });
}
