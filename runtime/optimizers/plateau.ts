/**
 * Reducing the learning rate when a loss stops falling, as PyTorch's ReduceLROnPlateau does.
 *
 * The number of reductions is a pure function of the losses so far, so a resumed run needs nothing but them.
 *
 * @module
 */

/** When the learning rate is reduced. */
export interface PlateauOptions {
  /** Number of losses without an improvement that are tolerated; the next one reduces the learning rate. */
  readonly patience: number;
  /** Relative decrease below the best loss that counts as an improvement; 1e-4 by default. */
  readonly threshold?: number;
}

/**
 * How often the learning rate has been reduced after these losses.
 *
 * An improvement is a loss below the best one by `threshold` of its magnitude; NaN is none. (PyTorch compares with
 * best (1 - threshold), for which a negative loss must rise to improve; the two agree for positive losses.)
 *
 * @param losses Oldest first.
 * @throws {RangeError} unless patience is a whole number from 0 up.
 */
export function plateauReductions(losses: Iterable<number>, options: PlateauOptions): number {
  const { patience, threshold = 1e-4 } = options;
  if (!Number.isInteger(patience) || patience < 0) {
    throw new RangeError(`the patience of a plateau must be a whole number from 0 up, got ${patience}`);
  }
  let [best, bad, reductions] = [Infinity, 0, 0];
  for (const loss of losses) {
    if (best === Infinity ? loss < best : loss < best - threshold * Math.abs(best)) {
      best = loss;
      bad = 0;
    } else if (++bad > patience) {
      reductions++;
      bad = 0;
    }
  }
  return reductions;
}
