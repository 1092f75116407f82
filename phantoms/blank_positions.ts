/**
 * Blanks a share of the view positions, for tests of what is done about blank ones.
 *
 * @module
 */
import { Draws } from "./draws.ts";
import type { StudyState } from "./patients.ts";

/** A study in which each image's view position is blank with this probability, which does not affect its pixels. */
export function withBlankPositions(study: StudyState, share: number): StudyState {
  if (share === 0) return study;
  const draws = new Draws("phantom blank positions", study.seed, study.index);
  const images = study.images.map((image) => draws.chance(share) ? { ...image, viewPosition: "" } : image);
  return { ...study, images };
}
