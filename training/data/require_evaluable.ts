/**
 * Checks, before any work is done, that a run's data can be evaluated.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import {
  LABEL_STATES,
  pairsOfSplit,
  type PairTable,
  type Split,
  studiesOfPairs,
  type StudyIndex,
} from "../../data/mod.ts";
import type { RunConfig } from "../run/run_config.ts";
import { isAlignment, isSupervised } from "../run_trainer.ts";
import { pairHasView, viewsOfRun } from "./run_views.ts";
import { viewWeightsOf } from "./view_weights.ts";

/**
 * Rejects data on which a run cannot be trained or (unless it is run without evaluation) evaluated: no labels, or a
 * split without studies of some view.
 *
 * @throws {DataError} naming what is missing, and what to do.
 */
export function requireEvaluable(config: RunConfig, data: { index: StudyIndex; pairs: PairTable }): void {
  const { index } = data;
  const place = { file: index.root };
  const views = viewsOfRun(config, data);
  const isMissing = (split: Split, view?: number) => {
    const pairs = pairsOfSplit(index, views.pairs, split);
    const has = (pair: number) => view === undefined || pairHasView({ ...views, pairs }, { index, pair, view });
    return !pairs.study.some((_, pair) => has(pair));
  };
  viewWeightsOf(config.model, views);
  const isBlank = (study: number, label: number) => index.labelState(study, label) === LABEL_STATES.blank;
  if (isMissing("train")) throw new DataError(`${nothingIn("training", index)}`, place);
  if (isSupervised(config) && index.labels.length === 0) {
    throw new DataError(
      "there are no labels, which a supervised classifier learns from: choose another --method",
      place,
    );
  }
  if (isAlignment(config) && views.names.length < 2) {
    throw new DataError(
      `method ${config.model.method} aligns the views of a study, and ${views.names.join()} is one alone: choose two or ` +
        "more by --views, or another --method",
      place,
    );
  }
  if (config.training.noEvaluation) return;
  if (index.labels.length === 0) {
    throw new DataError(
      "there are no label columns, so nothing can be evaluated: name some in dataset.json, or train by --no-evaluation",
      place,
    );
  }
  if (studiesOfPairs(views.pairs).every((study) => index.labels.every((_, label) => isBlank(study, label)))) {
    throw new DataError(
      "the label columns are blank for every study, so nothing can be evaluated: fill them in, or train by " +
        "--no-evaluation",
      place,
    );
  }
  const advice = "choose --split paper (80/10/10 by patient) or --split-file, or train by --no-evaluation";
  if (isMissing("test")) {
    throw new DataError(`${nothingIn("test", index)}, so nothing can be evaluated: ${advice}`, place);
  }
  // A classifier that combines the views needs no image of each.
  if (isSupervised(config)) return;
  for (const split of ["train", "test"] as const) {
    const view = views.names.findIndex((_, view) => isMissing(split, view));
    if (view < 0) continue;
    throw new DataError(
      `no study of the ${split === "test" ? "test" : "training"} split has a ${views.names[view]}${
        views.texts.includes(view) ? "" : " image"
      }, so that this ` +
        `view cannot be evaluated: ${advice}`,
      place,
    );
  }
}

function nothingIn(split: string, index: StudyIndex): string {
  return `the ${split} split (${index.policies.splits}) has no pair of images`;
}
