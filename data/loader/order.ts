/**
 * The order of rows and the number of batches in an epoch.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { SeededRandom } from "../../base/random.ts";

/** How an incomplete last batch is handled: dropped, kept as a smaller batch, or padded with its first row. */
export type PartialBatch = "drop" | "keep" | "pad";

/** A position in the sequence of batches: the next batch to load. */
export interface LoaderPosition {
  /** Epoch, from 0. */
  epoch: number;
  /** Batch within the epoch, from 0. */
  step: number;
}

/** The order of rows in an epoch: a permutation determined by (seed, epoch), or 0, 1, 2, ... if not shuffled. */
export function epochOrder(count: number, options: { seed: number; epoch: number; shuffle: boolean }): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  return options.shuffle ? new SeededRandom("shuffle", options.seed, options.epoch).shuffle(order) : order;
}

/**
 * The number of batches in an epoch, at least one.
 *
 * @param options.partial `drop` by default.
 * @throws {RangeError} if the batch size is not a positive integer.
 * @throws {DataError} if there are too few pairs for one batch.
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
