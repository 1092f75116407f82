/**
 * Finds the largest batch size that fits into GPU memory.
 *
 * @module
 */
import { OutOfMemoryError } from "../runtime/mod.ts";

/** The smallest batch for which batch norm has a variance. */
const SMALLEST = 2;

/** The training step does not fit into GPU memory; retrying would fail the same way. */
export class BatchTooLargeError extends OutOfMemoryError {
  /**
   * @param options.fits A batch size that fits, `undefined` if none does.
   * @param options.accumulate A number of micro-batches with which the whole batch fits, if one was found.
   */
  constructor(
    cause: OutOfMemoryError,
    options: { batchSize: number; fits: number | undefined; accumulate?: number | undefined },
  ) {
    const { wanted, available, message } = cause;
    const { batchSize, fits, accumulate } = options;
    const reason = message.replace(/(: |; )use a smaller batch$/, "");
    super(
      wanted,
      available,
      fits === undefined
        ? `${reason}. Not even a batch of ${SMALLEST} pairs fits: use a smaller --filter-dim, --latent-dim or --image-size`
        : `${reason}. That is for a batch of ${batchSize} pairs; --batch-size ${fits} fits${
          accumulate === undefined ? "" : `, and the whole batch does with --accumulate ${accumulate}`
        }`,
    );
    this.cause = cause;
  }
}

/** The numbers of micro-batches, of at most this many samples each, that a batch can be cut into; the fewest first. */
export function microBatchesOf({ batchSize, samples }: { batchSize: number; samples: number }): number[] {
  const numbers = Array.from({ length: Math.floor(batchSize / SMALLEST) }, (_, i) => i + 1);
  return numbers.filter((parts) => batchSize % parts === 0 && batchSize / parts <= samples);
}

/**
 * Finds about the largest batch size that fits, below one that does not: by halving, then by bisection to within an
 * eighth.
 *
 * @param fits Tries a batch size. Sizes that do not fit fail at planning, before anything is allocated.
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
