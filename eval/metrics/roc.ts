/**
 * The receiver operating characteristic (ROC): the curve, the area under it, and operating points.
 *
 * @module
 */
import { type BinaryLabel, type RankedScores, rankScores } from "./rank.ts";

/** AUROC from ranked scores; `null` with only one class. */
export function aurocOfRanked(ranked: RankedScores): number | null {
  const positives = ranked.positives.length;
  const negatives = ranked.negatives.length;
  if (positives === 0 || negatives === 0) return null;
  let doubled = 0;
  for (let i = 0; i < positives; i++) doubled += ranked.negativesBelow[i]! + ranked.negativesUpTo[i]!;
  return doubled / 2 / positives / negatives;
}

/**
 * Area under the ROC curve: the probability that a random positive scores above a random negative, ties counting one
 * half.
 *
 * @param labels 1, 0 or `null` (excluded), one per case.
 * @param scores Any numbers; higher means more likely positive.
 * @returns A number in [0, 1], or `null` if only one class is present.
 * @throws RangeError naming the first NaN score or label out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { auroc } from "./roc.ts";
 * assert.equal(auroc([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8]), 0.875);
 * assert.equal(auroc([1, 1], [0.3, 0.4]), null);
 * ```
 */
export function auroc(labels: ArrayLike<BinaryLabel>, scores: ArrayLike<number>): number | null {
  return aurocOfRanked(rankScores(labels, scores));
}

/** Points of a ROC curve, from (0, 0) to (1, 1). */
export interface RocCurve {
  /** False positive rate at each threshold. */
  readonly falsePositiveRate: Float64Array;
  /** True positive rate (sensitivity) at each threshold. */
  readonly truePositiveRate: Float64Array;
  /** A case is predicted positive if its score is at least the threshold; the first threshold is Infinity. */
  readonly thresholds: Float64Array;
}

/** Numbers of cases of each class at or above each distinct score, in descending order of score. */
export interface ThresholdCounts {
  readonly thresholds: number[];
  readonly truePositives: number[];
  readonly falsePositives: number[];
  readonly positives: number;
  readonly negatives: number;
}

/** Counts true and false positives at every distinct score, in descending order. */
export function countByThreshold(
  { positives, negatives }: RankedScores,
  scores: ArrayLike<number>,
): ThresholdCounts {
  const thresholds: number[] = [];
  const truePositives: number[] = [];
  const falsePositives: number[] = [];
  let p = positives.length;
  let n = negatives.length;
  while (p > 0 || n > 0) {
    const threshold = Math.max(
      p > 0 ? scores[positives[p - 1]!]! : -Infinity,
      n > 0 ? scores[negatives[n - 1]!]! : -Infinity,
    );
    while (p > 0 && scores[positives[p - 1]!]! === threshold) p--;
    while (n > 0 && scores[negatives[n - 1]!]! === threshold) n--;
    thresholds.push(threshold);
    truePositives.push(positives.length - p);
    falsePositives.push(negatives.length - n);
  }
  return { thresholds, truePositives, falsePositives, positives: positives.length, negatives: negatives.length };
}

/**
 * Computes the ROC curve, with one point per distinct score.
 *
 * @returns The curve, or `null` if only one class is present.
 * @throws RangeError naming the first NaN score or label out of range.
 */
export function rocCurve(labels: ArrayLike<BinaryLabel>, scores: ArrayLike<number>): RocCurve | null {
  const counts = countByThreshold(rankScores(labels, scores), scores);
  if (counts.positives === 0 || counts.negatives === 0) return null;
  return {
    falsePositiveRate: Float64Array.from([0, ...counts.falsePositives], (count) => count / counts.negatives),
    truePositiveRate: Float64Array.from([0, ...counts.truePositives], (count) => count / counts.positives),
    thresholds: Float64Array.from([Infinity, ...counts.thresholds]),
  };
}

/**
 * Computes the highest sensitivity at any threshold with at least the given specificity.
 *
 * @param options.specificity In [0, 1].
 * @returns A number in [0, 1], or `null` if only one class is present.
 * @throws RangeError if the specificity is outside [0, 1], or naming the first NaN score or label out of range.
 */
export function sensitivityAtSpecificity(
  labels: ArrayLike<BinaryLabel>,
  scores: ArrayLike<number>,
  { specificity }: { specificity: number },
): number | null {
  return sensitivityOfRanked(rankScores(labels, scores), scores, { specificity });
}

/** {@linkcode sensitivityAtSpecificity} of scores that are ranked already. */
export function sensitivityOfRanked(
  ranked: RankedScores,
  scores: ArrayLike<number>,
  { specificity }: { specificity: number },
): number | null {
  if (!(specificity >= 0 && specificity <= 1)) {
    throw new RangeError(`the specificity must be between 0 and 1, but is ${specificity}`);
  }
  const counts = countByThreshold(ranked, scores);
  if (counts.positives === 0 || counts.negatives === 0) return null;
  // Compared as counts, not rates: 1 - 0.9 is not 0.1 in floating point. The slack admits products that round up.
  const needed = specificity * counts.negatives * (1 - 1e-12);
  let best = 0;
  for (let i = 0; i < counts.thresholds.length; i++) {
    if (counts.negatives - counts.falsePositives[i]! >= needed) best = counts.truePositives[i]! / counts.positives;
  }
  return best;
}
