/**
 * Nested random subsets of patients, for label-efficiency experiments.
 *
 * @module
 */
import { type PairTable, selectPairs } from "./pairs.ts";
import { SeededRandom } from "../../base/random.ts";
import type { StudyIndex } from "./study_index.ts";

/**
 * The pairs of a random subset of patients, whose labels a classifier may see. Patients are drawn with `seed`; subsets
 * with the same seed are nested (the 5 % subset is contained in the 10 % subset). Pass `fraction` in (0, 1] (rounded up
 * to whole patients) or `count` (patients).
 */
export function labelledSubset(
  index: StudyIndex,
  pairs: PairTable,
  options: { seed: number } & ({ fraction: number } | { count: number }),
): PairTable {
  const order = subjectsOfPairs(index, pairs);
  const wanted = "fraction" in options ? Math.ceil(options.fraction * order.length - 1e-9) : options.count;
  if ("fraction" in options && !(options.fraction > 0 && options.fraction <= 1)) {
    throw new RangeError(`the labelled fraction must be over 0 and at most 1, not ${options.fraction}`);
  }
  if (!Number.isInteger(wanted) || wanted < 1) {
    throw new RangeError(`the number of labelled patients must be a positive integer, not ${wanted}`);
  }
  new SeededRandom("labelled", options.seed).shuffle(order);
  const chosen = new Set(order.slice(0, wanted));
  return selectPairs(pairs, (pair) => chosen.has(index.studies.subject[pairs.study[pair]!]!));
}

/** The distinct subjects of the pairs, sorted by identifier so that draws do not depend on file order. */
export function subjectsOfPairs(index: StudyIndex, pairs: PairTable): number[] {
  const { ids } = index.subjects;
  const subjects = new Set<number>();
  for (const study of pairs.study) subjects.add(index.studies.subject[study]!);
  return [...subjects].sort((a, b) => (ids[a]! < ids[b]! ? -1 : 1));
}
