/**
 * Precision and recall: the curve, average precision, F1, and the threshold that maximises it.
 *
 * @module
 */
import { type BinaryLabel, checkScores, type RankedScores, rankScores } from "./rank.ts";
import { countByThreshold } from "./roc.ts";

/** Average precision from ranked scores; `null` with only one class. */
export function averagePrecisionOfRanked(ranked: RankedScores): number | null {
  const positives = ranked.positives.length;
  const negatives = ranked.negatives.length;
  if (positives === 0 || negatives === 0) return null;
  let sum = 0;
  for (let i = 0; i < positives; i++) {
    const found = positives - ranked.positivesBelow[i]!;
    sum += found / (found + negatives - ranked.negativesBelow[i]!);
  }
  return sum / positives;
}

/**
 * Computes average precision, the step-wise integral of the precision-recall curve: the sum over thresholds of (R_n -
 * R_(n-1)) P_n, which equals the mean over positives of the precision at their score. A random classifier scores the
 * prevalence.
 *
 * @returns A number in (0, 1], or `null` if only one class is present (without negatives it is 1 whatever the
 * scores).
 * @throws RangeError naming the first NaN score or label out of range.
 */
export function averagePrecision(labels: ArrayLike<BinaryLabel>, scores: ArrayLike<number>): number | null {
  return averagePrecisionOfRanked(rankScores(labels, scores));
}

/** Points of a precision-recall curve in order of decreasing threshold, hence increasing recall. */
export interface PrecisionRecallCurve {
  /** Precision at each threshold. */
  readonly precision: Float64Array;
  /** Recall at each threshold. */
  readonly recall: Float64Array;
  /** A case is predicted positive if its score is at least the threshold. */
  readonly thresholds: Float64Array;
}

/**
 * Computes the precision-recall curve, with one point per distinct score.
 *
 * @returns The curve, or `null` if only one class is present.
 * @throws RangeError naming the first NaN score or label out of range.
 */
export function precisionRecallCurve(
  labels: ArrayLike<BinaryLabel>,
  scores: ArrayLike<number>,
): PrecisionRecallCurve | null {
  const counts = countByThreshold(rankScores(labels, scores), scores);
  if (counts.positives === 0 || counts.negatives === 0) return null;
  return {
    precision: Float64Array.from(counts.truePositives, (found, i) => found / (found + counts.falsePositives[i]!)),
    recall: Float64Array.from(counts.truePositives, (found) => found / counts.positives),
    thresholds: Float64Array.from(counts.thresholds),
  };
}

/**
 * Computes F1, the harmonic mean of precision and recall; scores of at least the threshold are predicted positive.
 *
 * @returns A number in [0, 1], or `null` if no case is positive or predicted positive, which leaves F1 undefined.
 * @throws RangeError for a NaN threshold, score, or a label out of range.
 */
export function f1Score(
  labels: ArrayLike<BinaryLabel>,
  scores: ArrayLike<number>,
  { threshold }: { threshold: number },
): number | null {
  if (Number.isNaN(threshold)) throw new RangeError("the threshold of F1 is NaN; it must be a number");
  checkScores(labels, scores);
  let truePositives = 0;
  let wrong = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === null) continue;
    const called = scores[i]! >= threshold;
    if (called && labels[i] === 1) truePositives++;
    else if (called || labels[i] === 1) wrong++;
  }
  return truePositives + wrong === 0 ? null : 2 * truePositives / (2 * truePositives + wrong);
}

/** A decision threshold, and its F1 on the cases on which it was chosen. */
export interface ChosenThreshold {
  /** Scores of at least this are called positive. */
  readonly threshold: number;
  /** F1 at the threshold. */
  readonly f1: number;
}

/**
 * Finds the score that maximises F1 when used as the threshold; the highest one in case of ties. Choose it on the
 * validation split: on the test split, F1 would be optimistic.
 *
 * @returns The threshold, or `null` if only one class is present.
 * @throws RangeError naming the first NaN score or label out of range.
 */
export function bestF1Threshold(labels: ArrayLike<BinaryLabel>, scores: ArrayLike<number>): ChosenThreshold | null {
  const counts = countByThreshold(rankScores(labels, scores), scores);
  if (counts.positives === 0 || counts.negatives === 0) return null;
  let best: ChosenThreshold = { threshold: Infinity, f1: -1 };
  for (let i = 0; i < counts.thresholds.length; i++) {
    const called = counts.truePositives[i]! + counts.falsePositives[i]!;
    const f1 = 2 * counts.truePositives[i]! / (called + counts.positives);
    if (f1 > best.f1) best = { threshold: counts.thresholds[i]!, f1 };
  }
  return best;
}
