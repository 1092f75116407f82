/**
 * A value and its interval, as stored in `results.json`.
 *
 * @module
 */

/** A value with a percentile interval; all `null` if the value is undefined. */
export interface Interval {
  /** The value on all cases. */
  value: number | null;
  /** Lower end of the 95% interval. */
  low: number | null;
  /** Upper end of the 95% interval. */
  high: number | null;
}
