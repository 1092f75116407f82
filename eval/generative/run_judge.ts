/**
 * Prepares the measurement of what a run generates.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { RunViews } from "../../training/data/run_views.ts";
import { type Judge, type JudgeOptions, openJudge } from "./judge.ts";
import { imageViews, pairsToDecode } from "./measure_generative.ts";

/**
 * Opens the judge of a run, which is trained first if there is none yet. Everything that would make the measurement
 * impossible is found here, before long work.
 *
 * @throws {DataError} if the run has no view of images, its data have no labels or no pairs with all views, or the
 * judge is of another kind.
 */
export async function openRunJudge(options: JudgeOptions & { readonly views: RunViews }): Promise<Judge> {
  const { config, directory, views } = options;
  const images = imageViews(views).map((m) => views.names[m]!);
  if (images.length === 0) {
    throw new DataError(`${directory} has no view of images, and only images are judged; leave out --generative`);
  }
  if (config.training.noEvaluation) {
    throw new DataError(
      `${directory} was trained with --no-evaluation, without labels to train a judge on; leave out --generative`,
    );
  }
  for (const split of ["train", "test"] as const) pairsToDecode(split, options);
  return await openJudge(options, images);
}
