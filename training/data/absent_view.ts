/**
 * Removes a view, of images or of texts, from a share of the training studies.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { pairsOfSplit, type PairTable, SPLITS, studiesOfPairs, StudyIndex } from "../../data/mod.ts";
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
  const without = drawn(studiesOfPairs(pairsOfSplit(index, pairs, "train")), { index, share, seed });
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

/**
 * An index in which a share of the training studies with a text have none. Draws with one seed are nested. Validation
 * and test are unchanged.
 *
 * @throws {DataError} if no texts were read.
 */
export function withAbsentText(index: StudyIndex, { share, seed }: Pick<AbsentView, "share" | "seed">): StudyIndex {
  const { texts } = index;
  if (texts === undefined) {
    throw new DataError(
      "the texts are to be taken away, but none were read: the run must have a view of texts, and the data reports",
      { file: index.root },
    );
  }
  const withText = Array.from({ length: index.studies.count }, (_, study) => study)
    .filter((study) => SPLITS[index.splitOfStudy(study)] === "train" && texts.get(study) !== undefined);
  const { subjects, studies, images } = index;
  const altered = new StudyIndex(index, { subjects, studies, images }, index.drops);
  altered.texts = texts.without(drawn(withText, { index, share, seed }));
  altered.listed = index.listed;
  altered.filesChecked = index.filesChecked;
  return altered;
}

/** Draws a share of some studies. */
function drawn(
  studies: Iterable<number>,
  { index, share, seed }: Pick<AbsentView, "index" | "share" | "seed">,
): Set<number> {
  // Sorted by identifier, so that the draw does not depend on the order of files.
  const order = [...studies].sort((a, b) => index.studies.ids[a]! < index.studies.ids[b]! ? -1 : 1);
  new SeededRandom("absent-view", seed).shuffle(order);
  return new Set(order.slice(0, Math.round(share * order.length)));
}
