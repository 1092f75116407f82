/**
 * Calibration of predicted probabilities: Brier score, reliability curve and expected calibration error.
 *
 * @module
 */
import { type BinaryLabel, checkScores } from "./rank.ts";

/** Bins of {@linkcode expectedCalibrationError} by default, as in Guo et al. (2017). */
const CALIBRATION_BINS = 15;

/**
 * Checks labels and probabilities like `checkScores`, and that probabilities lie in [0, 1].
 *
 * @throws RangeError naming the first probability outside [0, 1] or label out of range.
 */
export function checkProbabilities(labels: ArrayLike<BinaryLabel>, probabilities: ArrayLike<number>): void {
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
  checkBins(bins);
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

/**
 * Computes the reliability curve over bins with equal numbers of cases (equal mass). Findings are rare, so that most
 * bins of equal width would be empty and one would hold nearly all cases. Cases with equal probabilities share a bin:
 * bins may then be uneven, but the result does not depend on the order of the cases.
 *
 * @param options.bins Most bins; 15 by default.
 * @throws RangeError naming the first probability outside [0, 1], label out of range, or a number of bins below 1.
 */
export function equalMassReliability(
  labels: ArrayLike<BinaryLabel>,
  probabilities: ArrayLike<number>,
  { bins = CALIBRATION_BINS }: { bins?: number } = {},
): ReliabilityBin[] {
  checkBins(bins);
  checkProbabilities(labels, probabilities);
  const order = Array.from(labels, (_, i) => i).filter((i) => labels[i] !== null);
  order.sort((a, b) => probabilities[a]! - probabilities[b]!);
  const curve: ReliabilityBin[] = [];
  let start = 0;
  for (let bin = 1; bin <= bins && start < order.length; bin++) {
    let end = Math.max(start, Math.round(bin * order.length / bins));
    while (end > start && end < order.length && probabilities[order[end]!] === probabilities[order[end - 1]!]) end++;
    if (end === start) continue;
    const members = order.slice(start, end);
    curve.push({
      predicted: members.reduce((sum, i) => sum + probabilities[i]!, 0) / members.length,
      observed: members.reduce((sum, i) => sum + labels[i]!, 0) / members.length,
      count: members.length,
    });
    start = end;
  }
  return curve;
}

/**
 * Computes the expected calibration error (Naeini, Cooper and Hauskrecht, 2015; Guo et al., 2017): the mean distance
 * between predicted probability and observed frequency of the bins of {@linkcode equalMassReliability}, weighted by
 * their cases. Equal-mass bins make it the adaptive calibration error of Nixon et al. (2019). It is biased upwards for
 * few cases, as each bin's frequency is an estimate.
 *
 * @returns A number in [0, 1], or `null` if no case has a label.
 * @throws RangeError as {@linkcode equalMassReliability}.
 */
export function expectedCalibrationError(
  labels: ArrayLike<BinaryLabel>,
  probabilities: ArrayLike<number>,
  options: { bins?: number } = {},
): number | null {
  const curve = equalMassReliability(labels, probabilities, options);
  const cases = curve.reduce((sum, { count }) => sum + count, 0);
  if (cases === 0) return null;
  return curve.reduce((sum, { predicted, observed, count }) => sum + count * Math.abs(predicted - observed), 0) / cases;
}

function checkBins(bins: number): void {
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RangeError(`the number of bins must be a positive integer, but is ${bins}`);
  }
}
