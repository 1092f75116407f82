/**
 * Floors: what the protocol measures of features that know little or nothing of a finding. A method that is not above
 * them has learned nothing that matters.
 *
 * @module
 */
import { FastRandom } from "../../base/random.ts";
import type { StudyIndex } from "../../data/index/study_index.ts";
import { splitCode, type StudyTable, type ViewLatents } from "../protocol/study_table.ts";

/**
 * The floors, in the order of tables:
 *
 * - `view-position`: the number of a study's images by view and view position (AP, PA, ...), without any pixel;
 * - `pixel-pca`: principal components of the prepared images, as many as the latents have dimensions;
 * - `shuffled-labels`: the trained latents, with the labels of the training studies permuted;
 * - `untrained`: the same encoders with their initial, random parameters.
 */
export const FLOORS = ["view-position", "pixel-pca", "shuffled-labels", "untrained"] as const;

/** One of {@linkcode FLOORS}. */
export type Floor = typeof FLOORS[number];

/** Whether a method's or group's name is that of a floor, also with a setting in parentheses. */
export function isFloor(name: string): boolean {
  return FLOORS.some((floor) => name === floor || name.startsWith(`${floor} (`));
}

/**
 * Replaces latents by counts of the study's usable images: of each view, and of each view at each view position. The
 * rows stay the same ones, so that probes see the same subsets.
 */
export function viewPositionFeatures(latents: ViewLatents, index: StudyIndex): ViewLatents {
  const { images, views, studies } = index;
  const positions = images.positions.length;
  const dimension = views.length * (1 + positions);
  const counts = new Float32Array(studies.count * dimension);
  for (let image = 0; image < images.count; image++) {
    const view = images.view[image]!;
    if (!index.isKept(image) || view < 0 || view >= views.length) continue;
    const start = images.study[image]! * dimension;
    counts[start + view]!++;
    counts[start + views.length + view * positions + images.position[image]!]!++;
  }
  const values = new Float32Array(latents.study.length * dimension);
  latents.study.forEach((study, row) =>
    values.set(counts.subarray(study * dimension, (study + 1) * dimension), row * dimension)
  );
  return { ...latents, values, dimension };
}

/**
 * Permutes the labels of the training studies, each study's labels together, so that correlations between labels and
 * their prevalence stay. Validation and test studies keep theirs.
 */
export function withShuffledLabels(table: StudyTable, { seed }: { seed: number }): StudyTable {
  const code = splitCode("train");
  const train = Int32Array.from(table.splits.keys().filter((study) => table.splits[study] === code));
  const from = new FastRandom(seed, 5).shuffle(train.slice());
  return {
    ...table,
    targets: table.targets.map((target) => {
      const shuffled = target.slice();
      train.forEach((study, i) => shuffled[study] = target[from[i]!]!);
      return shuffled;
    }),
  };
}
