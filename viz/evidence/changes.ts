/**
 * Sentences on what a setting that was varied does: a share of wrong labels, of missing views, of labelled patients.
 *
 * @module
 */
import type { Comparison, Evaluation } from "../../eval/results/results.ts";
import { basisOf, comparisonsAgainst, readComparisons } from "../report/figures/comparisons.ts";
import { methodName } from "../report/figures/palette.ts";
import {
  formatDifference,
  formatDifferenceInterval,
  formatList,
  formatP,
  formatPercent,
  formatScore,
} from "../report/markup/format.ts";

/** What sentences need of an evaluation. */
type Scored = Pick<Evaluation, "method" | "view" | "setting" | "labelledFraction" | "macro">;

/** Reads what is varied from an evaluation or a comparison; not finite if it is not there. */
export type Varied = (at: { setting: Evaluation["setting"]; labelledFraction: number }) => number;

/** The two ends of what is varied. */
interface Ends {
  readonly first: number;
  readonly last: number;
  readonly valueOf: Varied;
}

/**
 * What becomes of MMVM from the smallest to the largest value of what is varied, and how far it is from each other
 * method at both; if MMVM is not among the methods, what becomes of each.
 */
export function changeSentence(
  { evaluations, comparisons }: { evaluations: readonly Scored[]; comparisons: readonly Comparison[] },
  valueOf: Varied,
): string {
  const known = evaluations.filter((each) => Number.isFinite(valueOf(each)));
  const values = known.map(valueOf);
  const ends = { first: Math.min(...values), last: Math.max(...values), valueOf };
  if (!(ends.first < ends.last)) return "Only one value was measured.";
  const views = [...new Set(known.map(({ view }) => view))];
  const methods = [...new Set(known.map(({ method }) => method))];
  const seen = views.map((view) => ({
    view,
    scored: known.filter((each) => each.view === view),
    against: methods.includes("mmvm") ? differences(comparisons, { view, methods, ends }) : [],
  }));
  const clauses = seen.map(({ view, scored, against }) => {
    const changes = (against.length === 0 ? methods : ["mmvm"]).flatMap((method) => change(scored, method, ends));
    return [`in the ${view} view ${formatList(changes)}`, ...against].join(", ");
  });
  const test = seen.some(({ against }) => against.length > 0) ? " (paired bootstrap, p after Holm)" : "";
  return `From ${formatPercent(ends.first)} to ${formatPercent(ends.last)}${test}: ${clauses.join("; ")}.`;
}

/** The scores of a method at both ends; none if one of them was not measured. */
function change(scored: readonly Scored[], method: string, { first, last, valueOf }: Ends): string[] {
  const mean = (end: number) => meanOf(scored.filter((each) => each.method === method && valueOf(each) === end));
  const [from, to] = [mean(first), mean(last)];
  if (Number.isNaN(from) || Number.isNaN(to)) return [];
  return [`${methodName(method)} ${formatDifference(to - from)} (${formatScore(from)} to ${formatScore(to)})`];
}

/** MMVM's paired differences from the other methods at both ends. */
function differences(
  comparisons: readonly Comparison[],
  { view, methods, ends }: { view: string; methods: readonly string[]; ends: Ends },
): string[] {
  const rows = readComparisons(comparisons);
  const differenceAt = (other: string, end: number) => {
    const at = comparisons.findIndex(({ setting = {}, labelledFraction, ...each }) =>
      each.label === null && each.view === view && ends.valueOf({ setting, labelledFraction }) === end &&
      [each.baseline, each.method].includes("mmvm") && [each.baseline, each.method].includes(other)
    );
    if (at < 0) return [];
    const row = rows[at]!;
    return comparisonsAgainst([row], { view, label: null, basis: basisOf(row), baseline: other });
  };
  return methods.filter((method) => method !== "mmvm").flatMap((other) => {
    const said = [ends.first, ends.last].flatMap((end) =>
      differenceAt(other, end).map(({ difference: { value, low, high }, pHolm }) =>
        `${formatDifference(value)} [${formatDifferenceInterval(low, high)}] (p ${formatP(pHolm)}) at ${
          formatPercent(end)
        }`
      )
    );
    return said.length === 2 ? [`against ${methodName(other)} ${said.join(" and ")}`] : [];
  });
}

function meanOf(evaluations: readonly Scored[]): number {
  const values = evaluations.flatMap(({ macro }) => macro.auroc.value ?? []);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
