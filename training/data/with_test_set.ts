/**
 * Data whose test split is another data set.
 *
 * @module
 */
import { pairStudies, withTestStudies } from "../../data/mod.ts";
import type { RunData } from "./run_data.ts";

/**
 * The training and validation studies of one data set, and all studies of another one as the test split: more studies
 * than the first one's split has, none of them seen in training. Subsets, label noise and removed views of the training
 * split are drawn as without the second data set.
 *
 * @param own Data as opened by `openRunData()`, without changes by `alterRunData()`; not modified.
 * @param unseen The test set, opened in the same way.
 * @throws {DataError} if they were read differently or share a patient.
 */
export function withTestSet(own: RunData, unseen: RunData): RunData {
  const index = withTestStudies(own.index, unseen.index);
  return {
    index,
    pixels: own.pixels.followedBy(unseen.pixels),
    pairs: pairStudies(index),
    prepareSeconds: own.prepareSeconds + unseen.prepareSeconds,
  };
}
