/**
 * Ranking of scores by class, shared by all metrics that depend only on the order of scores.
 *
 * @module
 */

/** A label: 1 positive, 0 negative, `null` if the label policy ignores the case. */
export type BinaryLabel = number | null;

/** Positive and negative cases in order of score, with each positive's place among both. */
export interface RankedScores {
  /** Indices of the positive cases, by ascending score. */
  readonly positives: Int32Array;
  /** Indices of the negative cases, by ascending score. */
  readonly negatives: Int32Array;
  /** Per entry of `positives`: how many negatives score strictly lower. */
  readonly negativesBelow: Int32Array;
  /** Per entry of `positives`: how many negatives score lower or the same. */
  readonly negativesUpTo: Int32Array;
  /** Per entry of `positives`: how many positives score strictly lower. */
  readonly positivesBelow: Int32Array;
}

/**
 * Checks that labels and scores are valid and of equal length.
 *
 * @throws RangeError naming the first case whose label is not 0, 1 or `null`, or whose score is NaN, and where the
 * lengths differ.
 */
export function checkScores(labels: ArrayLike<BinaryLabel>, scores: ArrayLike<number>): void {
  if (labels.length !== scores.length) {
    throw new RangeError(`there are ${labels.length} labels but ${scores.length} scores; give one score a label`);
  }
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (label !== 0 && label !== 1 && label !== null) {
      throw new RangeError(`label ${i} is ${label}; labels must be 1, 0 or null (ignored)`);
    }
    const score = scores[i];
    if (typeof score !== "number" || Number.isNaN(score)) {
      throw new RangeError(`score ${i} is ${score}; every case needs a number, so find out where it was lost`);
    }
  }
}

/** Indices of the cases with the given label, by ascending score (by index where scores tie). */
function sortedCases(labels: ArrayLike<BinaryLabel>, scores: ArrayLike<number>, wanted: 0 | 1): Int32Array {
  const chosen: number[] = [];
  for (let i = 0; i < labels.length; i++) if (labels[i] === wanted) chosen.push(i);
  // Not a difference of scores: that is NaN for two infinities.
  return Int32Array.from(chosen).sort((a, b) => {
    const x = scores[a]!;
    const y = scores[b]!;
    return x < y ? -1 : x > y ? 1 : a - b;
  });
}

/**
 * Sorts the cases of each class by score and finds each positive's place among the others, in O(n log n). Cases whose
 * label is `null` are left out.
 *
 * @throws RangeError as {@linkcode checkScores}.
 */
export function rankScores(labels: ArrayLike<BinaryLabel>, scores: ArrayLike<number>): RankedScores {
  checkScores(labels, scores);
  const positives = sortedCases(labels, scores, 1);
  const negatives = sortedCases(labels, scores, 0);
  const negativesBelow = new Int32Array(positives.length);
  const negativesUpTo = new Int32Array(positives.length);
  const positivesBelow = new Int32Array(positives.length);
  let below = 0;
  let upTo = 0;
  let first = 0;
  for (let i = 0; i < positives.length; i++) {
    const score = scores[positives[i]!]!;
    while (below < negatives.length && scores[negatives[below]!]! < score) below++;
    while (upTo < negatives.length && scores[negatives[upTo]!]! <= score) upTo++;
    if (scores[positives[first]!]! < score) first = i;
    negativesBelow[i] = below;
    negativesUpTo[i] = upTo;
    positivesBelow[i] = first;
  }
  return { positives, negatives, negativesBelow, negativesUpTo, positivesBelow };
}
