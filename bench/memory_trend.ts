/**
 * Tests whether memory grows with the steps of a run.
 *
 * @module
 */

/** Memory use at a step. */
export interface MemorySample {
  readonly step: number;
  readonly bytes: number;
}

/** A least-squares line through memory samples. */
export interface MemoryTrend {
  /** Bytes per step. */
  readonly slope: number;
  /** Standard error of the slope. */
  readonly standardError: number;
  /** Mean of the samples, in bytes. */
  readonly mean: number;
  /** Increase of the line over the range of the samples, in bytes. */
  readonly growth: number;
  /** False if the slope is significant (more than two standard errors) and the growth exceeds 1% of the mean. */
  readonly flat: boolean;
}

/** Fraction of samples discarded as warm-up, while caches and pools fill and functions are compiled. */
const WARM_UP = 0.25;
/** Growth, relative to the mean, that is considered negligible. */
const NEGLIGIBLE = 0.01;

/**
 * Fits a line to all samples except the first quarter.
 *
 * @throws {RangeError} for fewer than four samples.
 */
export function memoryTrend(samples: readonly MemorySample[]): MemoryTrend {
  const fitted = samples.slice(Math.floor(samples.length * WARM_UP));
  if (samples.length < 4) throw new RangeError(`a trend needs four samples or more, got ${samples.length}`);
  const mean = average(fitted.map(({ bytes }) => bytes));
  const middle = average(fitted.map(({ step }) => step));
  const spread = sum(fitted.map(({ step }) => (step - middle) ** 2));
  const slope = sum(fitted.map(({ step, bytes }) => (step - middle) * (bytes - mean))) / spread;
  const residual = sum(fitted.map(({ step, bytes }) => (bytes - mean - slope * (step - middle)) ** 2));
  const standardError = Math.sqrt(residual / (fitted.length - 2) / spread);
  const growth = slope * (fitted.at(-1)!.step - fitted[0]!.step);
  return { slope, standardError, mean, growth, flat: slope <= 2 * standardError || growth <= NEGLIGIBLE * mean };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function average(values: readonly number[]): number {
  return sum(values) / values.length;
}
