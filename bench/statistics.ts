/**
 * Medians and ratios of timings, and their output format.
 *
 * @module
 */

/**
 * Computes the median; for an even number of values, the mean of the middle two.
 *
 * @throws {RangeError} for no values.
 */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("the median of no values is undefined: give at least one");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const value = sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  // Sorting leaves 0 and -0 in the order in which they came; adding 0 makes both 0.
  return value + 0;
}

/** The time of `a` relative to `b`, or the speed; see {@link ratioLine}. */
export interface Ratio {
  readonly work: string;
  readonly a: string;
  readonly b: string;
  readonly value: number;
}

/**
 * Computes the median over rounds of `a`'s value divided by `b`'s. Each quotient is taken within one round, so that
 * other load in that round affects both.
 *
 * @throws {RangeError} if the numbers of rounds differ or are zero.
 */
export function medianRatio(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) throw new RangeError(`${a.length} rounds cannot be compared with ${b.length}`);
  return median(a.map((value, i) => value / b[i]!));
}

/** Formats a ratio as `RATIO <work> <a>/<b> <number>` with three significant digits. */
export function ratioLine({ work, a, b, value }: Ratio): string {
  return `RATIO ${work} ${a}/${b} ${Number(value.toPrecision(3))}`;
}

/** The largest deviation of any value from the first, relative to the first. */
export function relativeSpread(values: readonly number[]): number {
  const [first = 0, ...rest] = values;
  return Math.max(0, ...rest.map((value) => Math.abs(value - first) / Math.max(Math.abs(first), Number.MIN_VALUE)));
}
