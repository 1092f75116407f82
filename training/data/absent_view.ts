/**
 * Removes a view from a share of the training studies.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { pairsOfSplit, type PairTable, studiesOfPairs, type StudyIndex } from "../../data/mod.ts";
import { SeededRandom } from "../../base/random.ts";

/** Which view to remove, and from how many studies. */
export interface AbsentView {
  readonly index: StudyIndex;
  readonly view: string;
  /** Share of the training studies, in [0, 1]. */
  readonly share: number;
  readonly seed: number;
}

/**
 * Removes all images of a view from a share of the training studies: their pairs get -1 in its place, duplicates are
 * merged, and studies without any other image are dropped. Draws with one seed are nested: a study without the view at
 * 25 % is without it at 50 %. Validation and test are unchanged.
 *
 * @throws {DataError} naming a view that the data do not have.
 */
export function withAbsentView(pairs: PairTable, { index, view, share, seed }: AbsentView): PairTable {
  const column = index.views.indexOf(view);
  if (column < 0) {
    throw new DataError(`the view ${view} is to be taken away, but the data have ${index.views.join(", ")}`);
  }
  const order = [...studiesOfPairs(pairsOfSplit(index, pairs, "train"))];
  // Sorted by identifier, so that the draw does not depend on the order of files.
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
