/**
 * Summaries of the studies' texts, for results files and for `deno task data`.
 *
 * @module
 */
import { pairsOfSplit, type PairTable, studiesOfPairs } from "./pairs.ts";
import { SPLITS, type StudyIndex } from "./study_index.ts";
import type { TextCounts } from "../text/study_texts.ts";

/** What was found of the texts of the studies in pairs. */
export interface TextDescription {
  /** The section asked for: `findings`, `impression`, `both`, or `findings, else impression, else last paragraph`. */
  section: string;
  /** What was found for all studies listed, whether or not they have images. */
  listed: TextCounts;
  /** What was found for the studies in pairs. */
  counts: TextCounts;
  /** Words of the texts by split; absent numbers mean that the split has no text. */
  lengths: { split: string; texts: number; min?: number; median?: number; mean?: number; p95?: number; max?: number }[];
}

/** Describes the texts of an index; `undefined` if it has none. Lengths are those of studies in pairs. */
export function describeTexts(index: StudyIndex, pairs: PairTable): TextDescription | undefined {
  const { texts } = index;
  if (texts === undefined) return undefined;
  return {
    section: texts.selection ?? "findings, else impression, else last paragraph",
    listed: texts.counts(),
    counts: texts.counts(studiesOfPairs(pairs)),
    lengths: SPLITS.map((split) => {
      const studies = studiesOfPairs(pairsOfSplit(index, pairs, split));
      const count = texts.counts(studies).texts;
      return { split, texts: count, ...(count === 0 ? {} : texts.lengths(studies)) };
    }),
  };
}
