/**
 * DeLong's variance of the AUROC and the test of two correlated AUROCs.
 *
 * E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, Biometrics 44 (1988), computed from midranks in O(n log n) (X.
 * Sun and W. Xu, IEEE Signal Processing Letters 21, 2014). Valid for independent cases only: if patients have several
 * studies, use the patient-level bootstrap.
 *
 * @module
 */
import { twoSidedNormalP } from "./normal.ts";
import { type BinaryLabel, checkScores } from "./rank.ts";

/** Ranks from 1, tied values sharing the mean of their ranks. */
function midranks(values: Float64Array): Float64Array {
  const order = Int32Array.from(values, (_, i) => i).sort((a, b) => {
    const x = values[a]!;
    const y = values[b]!;
    return x < y ? -1 : x > y ? 1 : 0;
  });
  const ranks = new Float64Array(values.length);
  for (let first = 0; first < order.length;) {
    let end = first + 1;
    while (end < order.length && values[order[end]!] === values[order[first]!]) end++;
    for (let i = first; i < end; i++) ranks[order[i]!] = (first + end + 1) / 2;
    first = end;
  }
  return ranks;
}

/**
 * The structural components of the AUROC, one per positive (V10) and one per negative (V01), as placements: the number
 * of cases of the other class that are ranked correctly against it, ties counting one half. Placements and their sums
 * are multiples of one half, which float64 represents exactly.
 */
interface Placements {
  /** Of each positive among the negatives: n V10. */
  readonly ofPositives: Float64Array;
  /** Of each negative among the positives: m V01. */
  readonly ofNegatives: Float64Array;
}

function placements(labels: ArrayLike<BinaryLabel>, scores: ArrayLike<number>): Placements | null {
  checkScores(labels, scores);
  const positives: number[] = [];
  const negatives: number[] = [];
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === 1) positives.push(scores[i]!);
    else if (labels[i] === 0) negatives.push(scores[i]!);
  }
  const m = positives.length;
  const n = negatives.length;
  if (m === 0 || n === 0) return null;
  const all = midranks(Float64Array.from([...positives, ...negatives]));
  const amongPositives = midranks(Float64Array.from(positives));
  const amongNegatives = midranks(Float64Array.from(negatives));
  return {
    ofPositives: amongPositives.map((rank, i) => all[i]! - rank),
    ofNegatives: amongNegatives.map((rank, j) => m - (all[m + j]! - rank)),
  };
}

/** Scales placements to components of the AUROC; `count` is the number of classifiers they are a sum of. */
function componentsOf({ ofPositives, ofNegatives }: Placements, count = 1): Placements {
  const [m, n] = [ofPositives.length, ofNegatives.length];
  return {
    ofPositives: ofPositives.map((placement) => placement / (n * count)),
    ofNegatives: ofNegatives.map((placement) => placement / (m * count)),
  };
}

/** The AUROC of placements: their sum over all pairs of a positive and a negative. */
function areaOf({ ofPositives, ofNegatives }: Placements, count = 1): number {
  return ofPositives.reduce((sum, v) => sum + v, 0) / (ofPositives.length * ofNegatives.length * count);
}

/** Sample covariance; `null` with fewer than two values. */
function covariance(x: Float64Array, y: Float64Array): number | null {
  if (x.length < 2) return null;
  const meanX = x.reduce((sum, v) => sum + v, 0) / x.length;
  const meanY = y.reduce((sum, v) => sum + v, 0) / y.length;
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i]! - meanX) * (y[i]! - meanY);
  return sum / (x.length - 1);
}

/** Covariance of two AUROCs on the same cases; `null` with fewer than two cases of a class. */
function aurocCovariance(a: Placements, b: Placements): number | null {
  const overPositives = covariance(a.ofPositives, b.ofPositives);
  const overNegatives = covariance(a.ofNegatives, b.ofNegatives);
  if (overPositives === null || overNegatives === null) return null;
  return overPositives / a.ofPositives.length + overNegatives / a.ofNegatives.length;
}

/**
 * Computes the AUROC with DeLong's variance, for independent cases.
 *
 * @returns The AUROC (`null` with only one class) and its variance (`null` with fewer than two cases of either class).
 * @throws RangeError naming the first NaN score or label out of range.
 */
export function delongVariance(
  labels: ArrayLike<BinaryLabel>,
  scores: ArrayLike<number>,
): { auroc: number | null; variance: number | null } {
  const placed = placements(labels, scores);
  if (placed === null) return { auroc: null, variance: null };
  const components = componentsOf(placed);
  return { auroc: areaOf(placed), variance: aurocCovariance(components, components) };
}

/** Outcome of DeLong's test. */
export interface DelongTest {
  /** AUROC of the second classifier minus that of the first. */
  readonly difference: number;
  /** Standard error of the difference. */
  readonly standardError: number;
  /** Two-sided p-value; 1 if both the difference and its variance are zero. */
  readonly p: number;
}

/**
 * Compares the AUROCs of two classifiers on the same independent cases with DeLong's paired test.
 *
 * @param scores The two classifiers' scores: the difference is the second's AUROC minus the first's.
 * @returns The test, or `null` with fewer than two cases of either class.
 * @throws RangeError naming the first NaN score or label out of range.
 */
export function delongTest(
  labels: ArrayLike<BinaryLabel>,
  [first, second]: readonly [ArrayLike<number>, ArrayLike<number>],
): DelongTest | null {
  return delongMeanTest(labels, [[first], [second]]);
}

/**
 * Compares the mean AUROCs of two groups of classifiers, such as the seeds of two methods, with DeLong's paired test. A
 * mean of AUROCs is itself a mean of structural components over cases. The test accounts for the sampling of cases, not
 * for that of seeds.
 *
 * @param groups The scores of each member of the two groups, at least one each.
 * @returns The test, or `null` with fewer than two cases of either class.
 * @throws RangeError naming the first NaN score or label out of range.
 */
export function delongMeanTest(
  labels: ArrayLike<BinaryLabel>,
  groups: readonly [readonly ArrayLike<number>[], readonly ArrayLike<number>[]],
): DelongTest | null {
  const first = summedPlacements(labels, groups[0]);
  const second = summedPlacements(labels, groups[1]);
  if (first === null || second === null) return null;
  // Over a common denominator all sums and differences are exact, so that equal means differ by exactly zero and not by
  // a rounding error.
  const [k1, k2] = [groups[0].length, groups[1].length];
  const apart = (a: Float64Array, b: Float64Array) => a.map((v, i) => b[i]! * k1 - v * k2);
  const difference: Placements = {
    ofPositives: apart(first.ofPositives, second.ofPositives),
    ofNegatives: apart(first.ofNegatives, second.ofNegatives),
  };
  // The variance of the components' difference: the same number as var + var - 2 cov, without cancellation.
  const components = componentsOf(difference, k1 * k2);
  const variance = aurocCovariance(components, components);
  if (variance === null) return null;
  const standardError = Math.sqrt(variance);
  const area = areaOf(difference, k1 * k2);
  return { difference: area, standardError, p: twoSidedNormalP(area === 0 ? 0 : area / standardError) };
}

/** The sum over a group's members of each case's placement. */
function summedPlacements(
  labels: ArrayLike<BinaryLabel>,
  group: readonly ArrayLike<number>[],
): Placements | null {
  const parts = group.map((scores) => placements(labels, scores));
  const [head] = parts;
  if (!head) return null;
  const sum = (of: (part: Placements) => Float64Array) =>
    of(head).map((_, i) => parts.reduce((total, part) => total + of(part!)[i]!, 0));
  return { ofPositives: sum((part) => part.ofPositives), ofNegatives: sum((part) => part.ofNegatives) };
}
