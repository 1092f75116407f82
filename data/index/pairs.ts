/**
 * Forms tuples of images (one per view) from the images of each study.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { DropLog, type DropReason } from "./drop_log.ts";
import { type PairPolicy, type Split, SPLITS, type StudyIndex } from "./study_index.ts";

/** Tuples of images from the same study, one image per view. */
export interface PairTable {
  /** Number of pairs. */
  readonly count: number;
  /** Number of views M. */
  readonly views: number;
  /** Study of each pair, length `count`, ascending. */
  readonly study: Int32Array;
  /** Image of each view, pair-major: `images[pair * views + view]`; -1 if the view is missing. */
  readonly images: Int32Array;
  /** What the policy excluded, with reasons (steps `pairs` and `views`). */
  readonly drops: DropLog;
}

/** Studies with more combinations than this are excluded: no examination has that many images. */
const MAX_COMBINATIONS = 65_536;
/** Maximum number of entries (pairs times views) of a pair table: half a gigabyte. */
const MAX_ENTRIES = 2 ** 27;

/**
 * Forms the pairs of the kept studies. Policies, for views frontal and lateral:
 * - `all-combinations`: every frontal with every lateral image of a study (the published default);
 * - `one-frontal-one-lateral`: only studies with exactly one of each;
 * - `all-combinations-missing`: like the first, but a study that lacks a view keeps its other images, with -1 for the
 *   view.
 *
 * With more views, the product is taken over all of them. Pairs of one study share its labels. Pairs are counted before
 * any are created; a study with more than 65,536 is excluded.
 *
 * @throws {DataError} if all studies together have too many pairs, or (in strict mode) one study has.
 */
export function pairStudies(index: StudyIndex, options: { policy?: PairPolicy } = {}): PairTable {
  const policy = options.policy ?? index.policies.pairs;
  const views = index.views.length;
  const drops = new DropLog({ strict: index.drops.strict });
  const byStudy = imagesByStudy(index, drops);
  const paired: { study: number; lists: readonly number[][] }[] = [];
  let count = 0;
  for (let study = 0; study < index.studies.count; study++) {
    const lists = byStudy(study);
    if (lists === undefined) continue;
    const combinations = lists.reduce((product, list) => product * Math.max(1, list.length), 1);
    const reason = reasonAgainst(lists, { index, policy, combinations });
    if (reason !== undefined) {
      const more = reason === TOO_MANY ? ` (${combinations.toLocaleString("en")})` : "";
      drops.add(reason, `study ${index.studies.ids[study]}${more}`);
      continue;
    }
    paired.push({ study, lists });
    count += combinations;
  }
  if (count * views > MAX_ENTRIES) {
    throw new DataError(
      `the images of ${paired.length} studies form ${count.toLocaleString("en")} combinations, more than fit into ` +
        "memory; use --pairs one-frontal-one-lateral, or list fewer images a study",
      { file: index.root },
    );
  }
  const table = { count, views, study: new Int32Array(count), images: new Int32Array(count * views), drops };
  let pair = 0;
  const chosen = new Int32Array(views);
  for (const { study, lists } of paired) {
    forEachCombination(lists, chosen, () => {
      table.study[pair] = study;
      table.images.set(chosen, pair * views);
      pair++;
    });
  }
  return table;
}

const TOO_MANY = {
  step: "pairs",
  reason: `study has more than ${MAX_COMBINATIONS.toLocaleString("en")} combinations of images`,
  unit: "study",
  fault: true,
} as const;

/** Why a study forms no pair, or `undefined` if it does. */
function reasonAgainst(
  lists: readonly number[][],
  { index, policy, combinations }: { index: StudyIndex; policy: PairPolicy; combinations: number },
): DropReason | undefined {
  const without = lists.findIndex((list) => list.length === 0);
  if (without >= 0 && policy !== "all-combinations-missing") {
    return pairReason(`study has no ${index.views[without]} image`);
  }
  const several = lists.findIndex((list) => list.length > 1);
  if (several >= 0 && policy === "one-frontal-one-lateral") {
    return pairReason(`study has several ${index.views[several]} images`);
  }
  return combinations > MAX_COMBINATIONS ? TOO_MANY : undefined;
}

/** The pairs of one split, in the same order. */
export function pairsOfSplit(index: StudyIndex, pairs: PairTable, split: Split): PairTable {
  const code = SPLITS.indexOf(split);
  return selectPairs(pairs, (pair) => index.splitOfStudy(pairs.study[pair]!) === code);
}

/** The pairs that satisfy a predicate, in the same order. */
export function selectPairs(pairs: PairTable, keep: (pair: number) => boolean): PairTable {
  const { views } = pairs;
  const kept: number[] = [];
  for (let pair = 0; pair < pairs.count; pair++) if (keep(pair)) kept.push(pair);
  const images = new Int32Array(kept.length * views);
  kept.forEach((pair, i) => images.set(pairs.images.subarray(pair * views, (pair + 1) * views), i * views));
  return {
    count: kept.length,
    views,
    study: Int32Array.from(kept, (pair) => pairs.study[pair]!),
    images,
    drops: pairs.drops,
  };
}

/** The distinct studies of a pair table, ascending. */
export function studiesOfPairs(pairs: PairTable): Int32Array {
  const studies: number[] = [];
  for (const study of pairs.study) if (studies.at(-1) !== study) studies.push(study);
  return Int32Array.from(studies);
}

function pairReason(reason: string) {
  return { step: "pairs", reason, unit: "study", fault: false } as const;
}

/** Returns a function that gives a study's usable images by view, or `undefined` if it has none. */
function imagesByStudy(index: StudyIndex, drops: DropLog): (study: number) => number[][] | undefined {
  const { images, studies } = index;
  const lists: (number[][] | undefined)[] = new Array(studies.count).fill(undefined);
  for (let image = 0; image < images.count; image++) {
    if (!index.isKept(image)) continue;
    const view = images.view[image]!;
    if (view < 0) {
      const blank = images.positions[images.position[image]!] === "";
      const reason = blank ? "view position is blank" : "view position is none that is used";
      drops.add({ step: "views", reason, unit: "image", fault: false }, index.source.name(image));
      continue;
    }
    const study = images.study[image]!;
    (lists[study] ??= index.views.map(() => []))[view]!.push(image);
  }
  return (study) => lists[study];
}

function forEachCombination(lists: readonly number[][], chosen: Int32Array, visit: () => void, view = 0): void {
  if (view === lists.length) return visit();
  const list = lists[view]!;
  if (list.length === 0) {
    chosen[view] = -1;
    forEachCombination(lists, chosen, visit, view + 1);
  }
  for (const image of list) {
    chosen[view] = image;
    forEachCombination(lists, chosen, visit, view + 1);
  }
}
