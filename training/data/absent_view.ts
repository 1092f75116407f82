/**
 * Training studies that lost a view.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { pairsOfSplit, type PairTable, studiesOfPairs, type StudyIndex } from "../../data/mod.ts";
import { SeededRandom } from "../../base/random.ts";

/** What to take away, and from whom. */
export interface AbsentView {
  readonly index: StudyIndex;
  readonly view: string;
  /** Share of the training studies, in [0, 1]. */
  readonly share: number;
  readonly seed: number;
}

/**
 * Takes a view away from a share of the training studies, all of its images at once: their pairs have -1 in its place, and such as are then
 * equal become one. A study that shows nothing else goes altogether. Draws of one seed are nested: who lacks the view at 25 % lacks it at
 * 50 %. Validation and test stay whole.
 *
 * @throws {DataError} naming a view that the data do not have.
 */
export function withAbsentView(pairs: PairTable, { index, view, share, seed }: AbsentView): PairTable {
  const column = index.views.indexOf(view);
  if (column < 0) {
    throw new DataError(`the view ${view} is to be taken away, but the data have ${index.views.join(", ")}.`);
  }
  const order = [...studiesOfPairs(pairsOfSplit(index, pairs, "train"))];
  // By identifier, so that the draw does not depend on the order of files.
  order.sort((a, b) => index.studies.ids[a]! < index.studies.ids[b]! ? -1 : 1);
  new SeededRandom("absent-view", seed).shuffle(order);
  const without = new Set(order.slice(0, Math.round(share * order.length)));
  const { views } = pairs;
  const study: number[] = [];
  const images: number[] = [];
  const seen = new Set<string>();
  for (let pair = 0; pair < pairs.count; pair++) {
    const row = Array.from(pairs.images.subarray(pair * views, (pair + 1) * views));
    if (without.has(pairs.study[pair]!)) {
      row[column] = -1;
      const key = row.join();
      if (row.every((image) => image < 0) || seen.has(key)) continue;
      seen.add(key);
    }
    study.push(pairs.study[pair]!);
    images.push(...row);
  }
  return {
    count: study.length,
    views,
    study: Int32Array.from(study),
    images: Int32Array.from(images),
    drops: pairs.drops,
  };
}
