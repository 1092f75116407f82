/**
 * The work of random forests: blocks of trees, each grown and then applied to the cases to predict.
 *
 * Only sums of probabilities leave a block: 5,000 trees on 20,000 cases would fill hundreds of megabytes.
 *
 * @module
 */
import { Random } from "../../base/random_sequence.ts";
import type { BinnedMatrix } from "./binning.ts";
import { addPredictions, entropyTable, TreeGrower, type TreeOptions } from "./tree.ts";

/** What all trees share. */
export interface ForestSetup {
  readonly features: BinnedMatrix;
  /** Per target, per row 1, 0, or -1 to leave the row out. */
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

/** Draws as many cases as there are, with replacement; keeps those drawn at all. */
function drawBootstrap(features: BinnedMatrix, target: Int8Array, rows: Int32Array, random: Random) {
  const drawn = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) drawn[random.below(rows.length)]!++;
  const cases = rows.filter((_, i) => drawn[i]! > 0);
  const weights = drawn.filter((times) => times > 0);
  return { features, cases, weights, positives: weights.map((times, i) => target[cases[i]!] === 1 ? times : 0) };
}

/** Makes the function that grows one block of trees and returns the sum of their predictions for each query. */
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
      // Keyed by the tree alone: neither the worker nor the other labels change it.
      const random = new Random(seed, index);
      const sample = drawBootstrap(features, setup.targets[target]!, labelled[target]!, random);
      addPredictions(sums, grower.grow(sample, random), queries);
    }
    return sums;
  };
}
