import { SeededRandom } from "../../base/random.ts";

/** What becomes of the rows that do not fill a last batch: left out, a smaller batch, or filled up with the first row. */
export type PartialBatch = "drop" | "keep" | "pad";

/** A place in the sequence of batches: the next one to come. */
export interface LoaderPosition {
  epoch: number;
  /** Batch within the epoch, from 0. */
  step: number;
}

/** The order of rows in an epoch: a permutation that depends on (seed, epoch) alone, or 0, 1, 2, ... unshuffled. */
export function epochOrder(count: number, options: { seed: number; epoch: number; shuffle: boolean }): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  return options.shuffle ? new SeededRandom("shuffle", options.seed, options.epoch).shuffle(order) : order;
}

/** Batches in an epoch. */
export function stepsPerEpoch(count: number, options: { batchSize: number; partial: PartialBatch }): number {
  const whole = Math.floor(count / options.batchSize);
  return options.partial === "drop" || count % options.batchSize === 0 ? whole : whole + 1;
}
