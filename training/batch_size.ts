/**
 * Batches that do not fit into the GPU's memory, and those that would.
 *
 * @module
 */
import { OutOfMemoryError } from "../runtime/mod.ts";

/** The smallest batch that batch norm has statistics of. */
const SMALLEST = 2;

/** A training step that does not fit into the memory there is. Another attempt would end the same way. */
export class BatchTooLargeError extends OutOfMemoryError {
  /** @param fits A batch size that fits, `undefined` where none does. */
  constructor(cause: OutOfMemoryError, options: { batchSize: number; fits: number | undefined }) {
    const { wanted, available, message } = cause;
    const { batchSize, fits } = options;
    const reason = message.replace(/(: |; )use a smaller batch$/, "");
    super(
      wanted,
      available,
      fits === undefined
        ? `${reason}. Not even a batch of ${SMALLEST} pairs fits: use a smaller --filter-dim, --latent-dim or --image-size`
        : `${reason}. That is for a batch of ${batchSize} pairs; --batch-size ${fits} fits`,
    );
    this.cause = cause;
  }
}

/**
 * About the largest batch that fits, under one that does not: by halving, then between the last two to an eighth.
 *
 * @param fits Tries a batch size; trying one that does not fit costs planning only.
 */
export async function largestBatch(
  fits: (batchSize: number) => Promise<boolean>,
  options: { under: number },
): Promise<number | undefined> {
  let tooLarge = options.under;
  let found = Math.floor(tooLarge / 2);
  while (found >= SMALLEST && !await fits(found)) {
    tooLarge = found;
    found = Math.floor(found / 2);
  }
  if (found < SMALLEST) return undefined;
  while (tooLarge - found > Math.max(1, found / 8)) {
    const middle = Math.floor((found + tooLarge) / 2);
    if (await fits(middle)) found = middle;
    else tooLarge = middle;
  }
  return found;
}
