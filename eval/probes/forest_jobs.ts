/**
 * The inner loop of random forests: grows a block of trees and applies them to the query cases.
 *
 * A block returns only sums of probabilities: 5,000 trees grown on 20,000 cases would take hundreds of megabytes.
 *
 * @module
 */
import { FastRandom } from "../../base/random.ts";
import type { BinnedMatrix } from "./binning.ts";
import { addPredictions, entropyTable, TreeGrower, type TreeOptions } from "./tree.ts";

/** Input shared by all trees. */
export interface ForestSetup {
  readonly features: BinnedMatrix;
  /** Per target and row: 1, 0, or -1 to exclude the row. */
  readonly targets: readonly Int8Array[];
  /** Cases to predict. */
  readonly queries: BinnedMatrix;
  readonly seed: number;
  readonly tree: TreeOptions;
}

/** Trees `first` to `first + count - 1` of one target. */
export interface ForestJob {
  readonly target: number;
  readonly first: number;
  readonly count: number;
}

/** Draws a bootstrap sample of the cases, as distinct cases with multiplicities. */
function drawBootstrap(features: BinnedMatrix, target: Int8Array, rows: Int32Array, random: FastRandom) {
  const drawn = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) drawn[random.below(rows.length)]!++;
  const cases = rows.filter((_, i) => drawn[i]! > 0);
  const weights = drawn.filter((times) => times > 0);
  return { features, cases, weights, positives: weights.map((times, i) => target[cases[i]!] === 1 ? times : 0) };
}

/** Returns the function that grows one block of trees and sums their predictions for each query. */
export function prepareForest(setup: ForestSetup): (job: ForestJob) => Float64Array {
  const { features, queries, seed } = setup;
  const grower = new TreeGrower(features, setup.tree, entropyTable(features.rows));
  const labelled = setup.targets.map((target) => {
    const all = Int32Array.from(target, (_, i) => i);
    return all.filter((i) => target[i]! >= 0);
  });
  return ({ target, first, count }) => {
    const sums = new Float64Array(queries.rows);
    for (let index = first; index < first + count; index++) {
      // Keyed by the tree alone, so that a tree does not depend on the worker or on other labels.
      const random = new FastRandom(seed, index);
      const sample = drawBootstrap(features, setup.targets[target]!, labelled[target]!, random);
      addPredictions(sums, grower.grow(sample, random), queries);
    }
    return sums;
  };
}
