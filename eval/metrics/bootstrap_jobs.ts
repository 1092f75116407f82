/**
 * The bootstrap's inner loop: metrics of a block of resamples, as weighted passes over cases that are ranked once.
 *
 * @module
 */
import { FastRandom } from "../../base/random.ts";
import type { RankedScores } from "./rank.ts";

/** Input shared by all resamples. */
export interface BootstrapSetup {
  /** Per case, the number of its patient in [0, subjects). */
  readonly subjectOf: Int32Array;
  readonly subjects: number;
  /** Per label, the ranked scores, or `null` if there is no classifier. */
  readonly ranked: readonly (RankedScores | null)[];
  /** Per case, 1 if the prediction was correct, else 0, to compute accuracy; `null` if accuracy is not needed. */
  readonly right: Float64Array | null;
  readonly seed: number;
}

/** Resamples `first` to `first + count - 1`. */
export interface BootstrapJob {
  readonly first: number;
  readonly count: number;
}

/** Metrics by label and resample; NaN if undefined. */
export interface ResampleBlock {
  readonly auroc: Float64Array[];
  readonly averagePrecision: Float64Array[];
  readonly share: Float64Array;
}

/** Writes how often each case's patient is drawn in one resample. */
export function drawWeights(weights: Int32Array, counts: Int32Array, setup: BootstrapSetup, index: number): void {
  const random = new FastRandom(setup.seed, index);
  counts.fill(0);
  for (let i = 0; i < setup.subjects; i++) counts[random.below(setup.subjects)]!++;
  for (let i = 0; i < weights.length; i++) weights[i] = counts[setup.subjectOf[i]!]!;
}

/** Writes prefix sums of the weights of `cases`: entry i is the sum over the first i. */
function runningSums(sums: Float64Array, cases: Int32Array, weights: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < cases.length; i++) {
    sum += weights[cases[i]!]!;
    sums[i + 1] = sum;
  }
  return sum;
}

/** Scratch space, shared by all labels so that it stays in the CPU cache. */
interface Scratch {
  readonly negatives: Float64Array;
  readonly positives: Float64Array;
}

/** Weighted AUROC and average precision; NaN if a class has no weight. */
function weightedMetrics(
  ranked: RankedScores,
  weights: Int32Array,
  { negatives, positives }: Scratch,
): { auroc: number; averagePrecision: number } {
  const negativeWeight = runningSums(negatives, ranked.negatives, weights);
  const positiveWeight = runningSums(positives, ranked.positives, weights);
  if (negativeWeight === 0 || positiveWeight === 0) return { auroc: NaN, averagePrecision: NaN };
  let doubledArea = 0;
  let precision = 0;
  for (let i = 0; i < ranked.positives.length; i++) {
    const weight = weights[ranked.positives[i]!]!;
    if (weight === 0) continue;
    const below = negatives[ranked.negativesBelow[i]!]!;
    doubledArea += weight * (below + negatives[ranked.negativesUpTo[i]!]!);
    const found = positiveWeight - positives[ranked.positivesBelow[i]!]!;
    precision += weight * found / (found + negativeWeight - below);
  }
  return {
    auroc: doubledArea / 2 / positiveWeight / negativeWeight,
    averagePrecision: precision / positiveWeight,
  };
}

/** Weighted accuracy. */
function weightedShare(right: Float64Array, weights: Int32Array): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < right.length; i++) {
    sum += weights[i]! * right[i]!;
    total += weights[i]!;
  }
  return sum / total;
}

/** Returns the function that computes one block of resamples. */
export function prepareBootstrap(setup: BootstrapSetup): (job: BootstrapJob) => ResampleBlock {
  const weights = new Int32Array(setup.subjectOf.length);
  const counts = new Int32Array(setup.subjects);
  const longest = (pick: (ranked: RankedScores) => Int32Array) =>
    setup.ranked.reduce((most, ranked) => ranked === null ? most : Math.max(most, pick(ranked).length), 0);
  const scratch: Scratch = {
    negatives: new Float64Array(longest((ranked) => ranked.negatives) + 1),
    positives: new Float64Array(longest((ranked) => ranked.positives) + 1),
  };
  return ({ first, count }) => {
    const block: ResampleBlock = {
      auroc: setup.ranked.map(() => new Float64Array(count).fill(NaN)),
      averagePrecision: setup.ranked.map(() => new Float64Array(count).fill(NaN)),
      share: new Float64Array(setup.right === null ? 0 : count),
    };
    for (let b = 0; b < count; b++) {
      drawWeights(weights, counts, setup, first + b);
      for (const [label, ranked] of setup.ranked.entries()) {
        if (ranked === null) continue;
        const metrics = weightedMetrics(ranked, weights, scratch);
        block.auroc[label]![b] = metrics.auroc;
        block.averagePrecision[label]![b] = metrics.averagePrecision;
      }
      if (setup.right !== null) block.share[b] = weightedShare(setup.right, weights);
    }
    return block;
  };
}
