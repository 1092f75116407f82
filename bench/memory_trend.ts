/**
 * Whether memory grows with the steps of a run.
 *
 * @module
 */

/** Memory at a step. */
export interface MemorySample {
  readonly step: number;
  readonly bytes: number;
}

/** A straight line through samples. */
export interface MemoryTrend {
  /** Bytes a step, by least squares. */
  readonly slope: number;
  /** Standard error of the slope. */
  readonly standardError: number;
  /** Mean of the samples, in bytes. */
  readonly mean: number;
  /** Bytes that the line rises by over the samples. */
  readonly growth: number;
  /** False where the line rises by more than chance explains (two standard errors) and by more than a hundredth of the mean. */
  readonly flat: boolean;
}

/** Share of the samples that is left out: caches and pools fill, and functions are compiled. */
const WARM_UP = 0.25;
/** Growth over all samples, as a share of their mean, that is no matter of concern. */
const NEGLIGIBLE = 0.01;

/**
 * Fits a line to all samples but the first quarter.
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
