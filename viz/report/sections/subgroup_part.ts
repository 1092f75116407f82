/**
 * The subgroup part of the cohort section.
 *
 * @module
 */
import type { Cases } from "../../../eval/results/results.ts";
import { captionedTable, figureCaution, note, type ReportContext } from "../context.ts";
import type { Child } from "../markup/dom.ts";
import { capitalise, formatInterval, formatNumberOf, formatScore } from "../markup/format.ts";
import { subgroupScore } from "../figures/subgroups.ts";

/** View positions with fewer test studies are not shown: their intervals would be too wide to be informative. */
const FEWEST_STUDIES = 20;

/** Renders macro AUROC by frontal view position (AP, PA, ...), for every method and view. */
export function subgroupPart(ctx: ReportContext): Child {
  const { h, summary, results } = ctx;
  const positions = positionsOf(results.cases);
  if (positions.length < 2 || summary.arms.length === 0) {
    return note(h, `No subgroups: fewer than two frontal view positions have at least ${FEWEST_STUDIES} test studies.`);
  }
  return [
    summary.views.map((view, v) => {
      const name = `Macro AUROC by frontal view position, ${view} view`;
      const columns = positions.map((p) => h("th", { scope: "colgroup", class: "number", colspan: 2 }, p));
      return captionedTable(
        ctx,
        { caption: `${name}.`, class: "subgroups" },
        h("thead", null, h("tr", null, h("th", { scope: "col" }, "Method"), columns)),
        h("tbody", null, summary.arms.flatMap((_, arm) => subgroupRow(ctx, { view: v, arm, positions }) ?? [])),
      );
    }),
    figureCaution(ctx),
    h("p", { class: "explanation" }, explanation(ctx, positions)),
  ];
}

function explanation(ctx: ReportContext, positions: readonly string[]): string {
  const cases = ctx.results.cases[0]!;
  const sizes = positions.map((p) => {
    const studies = cases.viewPositions.filter((position) => position === p).length;
    return `${p} ${formatNumberOf(studies, { one: "study", many: "studies" })}`;
  });
  return `Test studies: ${
    sizes.join(", ")
  }. Computed by this report from the stored scores, over the labels with both classes in the ` +
    "subgroup, averaged over runs. Intervals are 95% normal intervals with DeLong's variance, clustered by patient. " +
    "AP images " +
    "are mostly of patients too ill to stand, so a difference between AP and PA need not be due to the method.";
}

function subgroupRow(
  ctx: ReportContext,
  at: { view: number; arm: number; positions: readonly string[] },
): HTMLElement | null {
  const { h, summary, results } = ctx;
  const evaluations = ctx.find({ slice: summary.primary, view: at.view, arm: at.arm });
  const cases = results.cases.find((one) => one.id === evaluations[0]?.cases);
  if (cases === undefined) return null;
  const runs = evaluations
    .filter((evaluation) => evaluation.cases === cases.id)
    .map((evaluation) => ({ scores: evaluation.scores, labels: cases.labels, subjects: cases.subjectIds }));
  return h(
    "tr",
    null,
    h("th", { scope: "row" }, summary.arms[at.arm]!.name),
    at.positions.map((position) => {
      const { value, low, high, labels } = subgroupScore(runs, (i) => cases.viewPositions[i] === position);
      const title = `${capitalise(position)}: mean over ${labels} labels`;
      return [
        h("td", { class: "number", title }, formatScore(value)),
        h("td", { class: "number muted" }, formatInterval(low, high)),
      ];
    }),
  );
}

function positionsOf(cases: readonly Cases[]): string[] {
  const counts = new Map<string, number>();
  for (const position of cases.flatMap((one) => one.viewPositions)) {
    if (position !== "") counts.set(position, (counts.get(position) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count >= FEWEST_STUDIES).sort((a, b) => b[1] - a[1]).slice(0, 4).map(([p]) =>
    p
  );
}
