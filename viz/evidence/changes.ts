/**
 * What a setting that was varied does: a share of wrong labels, of missing views, of labelled patients.
 *
 * @module
 */
import type { Comparison, Evaluation } from "../../eval/results/results.ts";
import { methodName } from "../report/figures/palette.ts";
import { formatList, formatPercent, formatScore } from "../report/markup/format.ts";
import { byStanding, macroRows, mmvmAgainst, type PairedDifference } from "./paired_difference.ts";

/** What is needed of an evaluation. */
type Scored = Pick<Evaluation, "method" | "view" | "setting" | "labelledFraction" | "macro">;

/** What is needed of results. */
interface Measured {
  readonly evaluations: readonly Scored[];
  readonly comparisons: readonly Comparison[];
}

/** Reads what is varied from an evaluation or a comparison; not finite if it is not there. */
export type Varied = (at: { setting: Evaluation["setting"]; labelledFraction: number }) => number;

/** The smallest and the largest value of what is varied; none if it was not varied. */
function endsOf(evaluations: readonly Scored[], valueOf: Varied): { first: number; last: number } | undefined {
  const values = evaluations.map(valueOf).filter(Number.isFinite);
  const ends = { first: Math.min(...values), last: Math.max(...values) };
  return ends.first < ends.last ? ends : undefined;
}

/** MMVM's paired differences from the other methods at the smallest and the largest value, in this order, by view. */
export function changeDifferences({ evaluations, comparisons }: Measured, valueOf: Varied): PairedDifference[] {
  const ends = endsOf(evaluations, valueOf);
  if (ends === undefined) return [];
  const views = [...new Set(evaluations.map(({ view }) => view))];
  return views.flatMap((view) =>
    [ends.first, ends.last].flatMap((end) => {
      const rows = macroRows(
        comparisons.filter(({ setting = {}, labelledFraction, ...each }) =>
          each.view === view && valueOf({ setting, labelledFraction }) === end
        ),
      );
      return rows.length === 0 ? [] : mmvmAgainst(rows, { place: rows[0]!, at: formatPercent(end) });
    })
  );
}

/**
 * What becomes of MMVM from the smallest to the largest value of what is varied, and where it stands among the other
 * methods at both; if MMVM was not compared with any, what becomes of each.
 */
export function changeSentence(measured: Measured, valueOf: Varied): string {
  const { evaluations } = measured;
  const ends = endsOf(evaluations, valueOf);
  if (ends === undefined) return "Only one value was measured.";
  const differences = changeDifferences(measured, valueOf);
  const views = [...new Set(evaluations.map(({ view }) => view))];
  const clauses = views.map((view) => {
    const own = differences.filter((each) => each.view === view);
    const scored = evaluations.filter((each) => each.view === view);
    const methods = own.length > 0 ? ["mmvm"] : [...new Set(scored.map(({ method }) => method))];
    const changes = methods.flatMap((method) => {
      const mean = (end: number) => meanOf(scored.filter((each) => each.method === method && valueOf(each) === end));
      const [from, to] = [mean(ends.first), mean(ends.last)];
      if (Number.isNaN(from) || Number.isNaN(to)) return [];
      return [`${methodName(method)} goes from ${formatScore(from)} to ${formatScore(to)}`];
    });
    const standings = [...Map.groupBy(own, ({ at }) => at)].map(([at, there]) => `at ${at} ${standingText(there)}`);
    return `in the ${view} view ${formatList(changes)}${standings.length > 0 ? ` (${standings.join("; ")})` : ""}`;
  });
  return `From ${formatPercent(ends.first)} to ${formatPercent(ends.last)}, ${clauses.join("; ")}.`;
}

/** `ahead of PoE and MoE, level with Independent`. */
function standingText(differences: readonly PairedDifference[]): string {
  return byStanding(differences)
    .map(([words, own]) => `${words} ${formatList(own.map(({ other }) => methodName(other)))}`).join(", ");
}

function meanOf(evaluations: readonly Scored[]): number {
  const values = evaluations.flatMap(({ macro }) => macro.auroc.value ?? []);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
