/**
 * Calibration of predicted probabilities: Brier score and reliability curve.
 *
 * @module
 */
import { type BinaryLabel, checkScores } from "./rank.ts";

/** Checks labels and probabilities like `checkScores`, and that probabilities lie in [0, 1]. */
function checkProbabilities(labels: ArrayLike<BinaryLabel>, probabilities: ArrayLike<number>): void {
  checkScores(labels, probabilities);
  for (let i = 0; i < probabilities.length; i++) {
    const probability = probabilities[i]!;
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError(`probability ${i} is ${probability}; it must lie in [0, 1]`);
    }
  }
}

/**
 * Computes the Brier score, the mean squared difference between predicted probability and label. 0 is perfect; always
 * predicting the prevalence p scores p (1 - p).
 *
 * @returns A number in [0, 1], or `null` if no case has a label.
 * @throws RangeError naming the first probability outside [0, 1] or label out of range.
 */
export function brierScore(labels: ArrayLike<BinaryLabel>, probabilities: ArrayLike<number>): number | null {
  checkProbabilities(labels, probabilities);
  let sum = 0;
  let count = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (label === null || label === undefined) continue;
    sum += (probabilities[i]! - label) ** 2;
    count++;
  }
  return count === 0 ? null : sum / count;
}

/** One bin of a reliability curve. */
export interface ReliabilityBin {
  /** Mean predicted probability of the bin's cases. */
  readonly predicted: number;
  /** Fraction of the bin's cases that are positive. */
  readonly observed: number;
  /** Number of cases. */
  readonly count: number;
}

/**
 * Computes the reliability curve over equal-width bins of the predicted probability; empty bins are omitted.
 *
 * @param options.bins Number of bins over [0, 1]; 10 by default.
 * @throws RangeError naming the first probability outside [0, 1], label out of range, or a number of bins below 1.
 */
export function reliabilityCurve(
  labels: ArrayLike<BinaryLabel>,
  probabilities: ArrayLike<number>,
  { bins = 10 }: { bins?: number } = {},
): ReliabilityBin[] {
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RangeError(
      `the number of bins must be a positive integer, ` +
        `but is ${bins}`,
    );
  }
  checkProbabilities(labels, probabilities);
  const predicted = new Float64Array(bins);
  const positives = new Float64Array(bins);
  const counts = new Float64Array(bins);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (label === null || label === undefined) continue;
    const bin = Math.min(bins - 1, Math.floor(probabilities[i]! * bins));
    predicted[bin]! += probabilities[i]!;
    positives[bin]! += label;
    counts[bin]! += 1;
  }
  const curve: ReliabilityBin[] = [];
  for (let bin = 0; bin < bins; bin++) {
    const count = counts[bin]!;
    if (count > 0) curve.push({ predicted: predicted[bin]! / count, observed: positives[bin]! / count, count });
  }
  return curve;
}
