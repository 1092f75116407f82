import { DataError } from "../../base/errors.ts";
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

/**
 * Batches in an epoch, at least one.
 *
 * @param options.partial `drop` by default.
 * @throws {RangeError} for a batch size that is no positive integer.
 * @throws {DataError} where there are fewer pairs than fill one batch.
 */
export function stepsPerEpoch(count: number, options: { batchSize: number; partial?: PartialBatch }): number {
  const { batchSize, partial = "drop" } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`the batch size must be a positive integer, not ${batchSize}`);
  }
  const steps = partial === "drop" ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
  if (steps === 0) {
    throw new DataError(`${count} pairs do not fill one batch of ${batchSize}; use a smaller batch or more data`);
  }
  return steps;
}
