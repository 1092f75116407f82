/**
 * Random forests for binary labels.
 *
 * @module
 */
import { runJobs } from "../../base/workers.ts";
import { binFeatures, findBinEdges } from "./binning.ts";
import { type ForestJob, prepareForest } from "./forest_jobs.ts";
import { countTargets } from "./logistic_regression.ts";
import type { Matrix } from "./matrix.ts";

/** Settings of a random forest; the defaults are the published protocol's. */
export interface ForestOptions {
  /** Number of trees; 5,000 by default. */
  readonly trees?: number | undefined;
  /** Largest depth; 30 by default. */
  readonly maxDepth?: number | undefined;
  /** Smallest number of distinct cases in a node to be split; 5 by default. */
  readonly minSamplesSplit?: number | undefined;
  /** Features tried per split; the square root of their number, rounded down, by default. */
  readonly featuresPerSplit?: number | undefined;
  /** Seed; 0 by default. Equal seeds give equal forests for any number of workers. */
  readonly seed?: number | undefined;
  /** Number of workers; the number of logical cores by default. */
  readonly workers?: number | undefined;
  /** Called after each block of trees with the number of trees grown so far and the total, over all targets. */
  readonly onProgress?: ((grown: number, total: number) => void) | undefined;
}

/** Trees per job. Sums of blocks are added in order, so that the block size alone determines rounding. */
const BLOCK = 20;

function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`a forest's ${name} must be a positive integer, but is ${value}`);
  }
}

/**
 * Fits one random forest per target and predicts the queries, like scikit-learn's `RandomForestClassifier` with these
 * settings: bootstrap samples, entropy criterion, random features per split, and predictions averaged over the class
 * frequencies of leaves. Splits are found on at most 256 quantile bins per feature. Trees are discarded after
 * prediction.
 *
 * @param features Training cases, one per row.
 * @param queries Cases to predict, with the same columns.
 * @param options.targets Per label and training case: 1, 0, or -1 to exclude the case.
 * @returns Per label, P(positive) of each query, or `null` if the label has only one class.
 * @throws RangeError naming NaN features, targets or options out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { forestProbabilities } from "./random_forest.ts";
 * const features = { values: Float32Array.from({ length: 40 }, (_, i) => i), rows: 40, columns: 1 };
 * const targets = [Int8Array.from({ length: 40 }, (_, i) => i < 20 ? 0 : 1)];
 * const [p] = await forestProbabilities(features, features, { targets, trees: 50 });
 * assert(p![0]! < 0.1 && p![39]! > 0.9);
 * ```
 */
export async function forestProbabilities(
  features: Matrix,
  queries: Matrix,
  options: ForestOptions & { readonly targets: readonly Int8Array[] },
): Promise<(Float64Array | null)[]> {
  const { targets, trees = 5000, maxDepth = 30, minSamplesSplit = 5, seed = 0 } = options;
  const featuresPerSplit = options.featuresPerSplit ?? Math.floor(Math.sqrt(features.columns));
  for (const [name, value] of Object.entries({ trees, maxDepth, minSamplesSplit, featuresPerSplit })) {
    checkCount(name, value);
  }
  const jobs: ForestJob[] = [];
  const fitted = targets.map((target, index) => {
    if (target.length !== features.rows) {
      throw new RangeError(`target ${index} covers ${target.length} cases, but the features ${features.rows}`);
    }
    const { positives, negatives } = countTargets(target);
    if (positives === 0 || negatives === 0) return false;
    for (let first = 0; first < trees; first += BLOCK) {
      jobs.push({ target: index, first, count: Math.min(BLOCK, trees - first) });
    }
    return true;
  });
  const total = trees * fitted.filter((is) => is).length;
  const edges = findBinEdges(features);
  const sums = await runJobs(jobs, {
    module: new URL("./forest_worker.ts", import.meta.url),
    prepare: prepareForest,
    setup: {
      features: binFeatures(features, edges),
      queries: binFeatures(queries, edges),
      targets,
      seed,
      tree: { maxDepth, minSamplesSplit, featuresPerSplit },
    },
    workers: options.workers,
    onDone: (done) => options.onProgress?.(Math.min(done * BLOCK, total), total),
  });
  const probabilities = fitted.map((is) => is ? new Float64Array(queries.rows) : null);
  for (const [i, job] of jobs.entries()) {
    const sum = probabilities[job.target]!;
    const block = sums[i]!;
    for (let q = 0; q < sum.length; q++) sum[q]! += block[q]!;
  }
  return probabilities.map((sum) => sum?.map((value) => value / trees) ?? null);
}
