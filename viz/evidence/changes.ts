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
  const clauses = views.map((view) => {
    const seen = known.filter((each) => each.view === view);
    const own = methods.includes("mmvm") ? differences(comparisons, { view, methods, ends }) : [];
    const changes = own.length === 0
      ? methods.flatMap((method) => change(seen, method, ends))
      : change(seen, "mmvm", ends);
    return `in the ${view} view ${formatList(changes)}${own.map((each) => `, ${each}`).join("")}`;
  });
  const test = clauses.some((clause) => clause.includes("(p ")) ? " (paired bootstrap, p after Holm)" : "";
  return `From ${formatPercent(ends.first)} to ${formatPercent(ends.last)}${test}: ${clauses.join("; ")}.`;
}

/** The scores of a method at both ends; none if one of them was not measured. */
function change(seen: readonly Scored[], method: string, { first, last, valueOf }: Ends): string[] {
  const [from, to] = [first, last].map((end) =>
    meanOf(seen.filter((each) => each.method === method && valueOf(each) === end))
  );
  if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to)) return [];
  return [`${methodName(method)} ${formatDifference(to - from)} (${formatScore(from)} to ${formatScore(to)})`];
}

/** MMVM's paired differences from the other methods at both ends. */
function differences(
  comparisons: readonly Comparison[],
  { view, methods, ends }: { view: string; methods: readonly string[]; ends: Ends },
): string[] {
  const atEnd = (end: number) =>
    readComparisons(
      comparisons.filter(({ setting = {}, labelledFraction }) => ends.valueOf({ setting, labelledFraction }) === end),
    );
  return methods.filter((method) => method !== "mmvm").flatMap((other) => {
    const said = [ends.first, ends.last].flatMap((end) => {
      const rows = atEnd(end);
      const found = rows.flatMap((row) =>
        comparisonsAgainst(rows, { view, label: null, basis: basisOf(row), baseline: other })
      ).find(({ method }) => method === "mmvm");
      if (found === undefined) return [];
      const { value, low, high } = found.difference;
      const interval = formatDifferenceInterval(low, high);
      return [`${formatDifference(value)} [${interval}] (p ${formatP(found.pHolm)}) at ${formatPercent(end)}`];
    });
    return said.length === 2 ? [`against ${methodName(other)} ${said.join(" and ")}`] : [];
  });
}

function meanOf(evaluations: readonly Scored[]): number {
  const values = evaluations.flatMap(({ macro }) => macro.auroc.value ?? []);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
