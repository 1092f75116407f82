/**
 * Describes what a run makes of the texts: what its vocabulary covers, and how many texts are cut.
 *
 * @module
 */
import { pairsOfSplit, SPLITS, studiesOfPairs } from "../../data/mod.ts";
import type { TextViewRecord } from "../results/data_record.ts";
import type { RunData } from "../../training/data/run_data.ts";
import type { RunViews } from "../../training/data/run_views.ts";

/** The record of a run's texts; `undefined` for a run without a text view. */
export function describeTextView(
  { index, texts: run }: Pick<RunData, "index" | "texts">,
  views: RunViews,
): TextViewRecord | undefined {
  const { texts } = index;
  if (run === undefined || texts === undefined) return undefined;
  const { vocabulary, table: { length } } = run;
  return {
    view: views.names[views.texts[0]!]!,
    vocabulary: vocabulary.size,
    length,
    splits: SPLITS.map((split) => {
      const studies = studiesOfPairs(pairsOfSplit(index, views.pairs, split));
      const found = [...studies].flatMap((study) => texts.get(study) ?? []);
      const counts = { split, texts: found.length, words: 0, unknown: 0, cut: 0 };
      for (const text of found) {
        const { words, unknown } = vocabulary.encode(text, length);
        counts.words += words;
        counts.unknown += unknown;
        if (words > length - 1) counts.cut++;
      }
      return counts;
    }),
  };
}
