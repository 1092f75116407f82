/**
 * Checks for problems that make the reported numbers untrustworthy.
 *
 * @module
 */
import type { Evaluation, Results } from "../../../eval/results/results.ts";
import { formatList, formatNumberOf } from "../markup/format.ts";
import type { Summarised } from "./summary.ts";

/** Lists what a reader must know before trusting any number, one sentence each; empty if nothing was found. */
export function faults(results: Results, { summary, find }: Summarised): string[] {
  const overlap = results.data.patientOverlap.filter((pair) => pair.subjects > 0).map((pair) =>
    `${
      formatNumberOf(pair.subjects, { one: "patient is", many: "patients are" })
    } in both the ${pair.a} and the ${pair.b} split: ` +
    "their scores are optimistic, and no number below should be trusted until the split is corrected."
  );
  const macros = summary.views.flatMap((view, v) => {
    const evaluations = summary.arms.flatMap((_, arm) => find({ slice: summary.primary, view: v, arm }));
    const kept = new Set(evaluations.map((evaluation) => evaluation.macro.labels.join("\n")));
    return kept.size > 1
      ? [
        `In the ${view} view the macro averages of different methods are over different labels and cannot be compared.`,
      ]
      : [];
  });
  const unpaired = summary.views.flatMap((view, v) =>
    differentCases(view, summary.arms.flatMap((_, arm) => find({ slice: summary.primary, view: v, arm })))
  );
  return [...overlap, ...macros, ...unpaired];
}

function differentCases(view: string, evaluations: readonly Evaluation[]): string[] {
  const ids = [...new Set(evaluations.map((evaluation) => evaluation.cases))];
  if (ids.length < 2) return [];
  return [
    `In the ${view} view methods were scored on different test studies (${
      formatList(ids)
    }), so their differences are not paired.`,
  ];
}
