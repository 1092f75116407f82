/**
 * The "AUROC by label" section.
 *
 * @module
 */
import { aurocTable } from "../charts/auroc_table.ts";
import type { Child } from "../markup/dom.ts";
import { caption, isTextView, note, type ReportContext, scrollRegion, section, textCaution } from "../context.ts";
import { capitalise } from "../markup/format.ts";
import { sliceName } from "../figures/summary.ts";

/** Renders the AUROC table of each view, with controls for the slice, intervals, published numbers and CSV export. */
export function aurocSection(ctx: ReportContext): HTMLElement {
  const { h, summary } = ctx;
  if (summary.arms.length === 0) {
    return section(h, "auroc", note(h, "No AUROC table: the results contain no evaluation."));
  }
  return section(
    h,
    "auroc",
    h(
      "div",
      { class: "controls" },
      sliceControl(ctx),
      toggles(ctx),
      h("button", { type: "button", class: "script", id: "copy-csv" }, "Copy as CSV"),
    ),
    summary.published === null
      ? h("p", { class: "explanation" }, "No published numbers exist for these labels, views and methods.")
      : null,
    h("div", { class: "tables" }, summary.views.map((_, view) => tableBlock(ctx, view))),
    h("p", { class: "explanation" }, explanation(ctx)),
  );
}

function tableBlock(ctx: ReportContext, view: number): HTMLElement {
  const { h, summary } = ctx;
  const name = `AUROC by label, ${summary.views[view]} view`;
  return h(
    "div",
    { class: "table-block" },
    h("p", { class: "table-caption" }, caption(h, ctx.number("Table"), tableCaption(ctx, view))),
    scrollRegion(h, name, aurocTable(h, summary, { slice: summary.primary, view })),
    isTextView(ctx, view) ? textCaution(h) : null,
  );
}

function sliceControl(ctx: ReportContext): Child {
  const { h, summary } = ctx;
  if (summary.slices.length < 2) return null;
  return h(
    "label",
    { class: "script" },
    "Classifier and labels ",
    h(
      "select",
      { id: "slice" },
      summary.slices.map((slice, index) =>
        h("option", { value: index, selected: index === summary.primary }, capitalise(sliceName(slice)))
      ),
    ),
  );
}

function toggles(ctx: ReportContext): Child {
  const { h, summary } = ctx;
  const toggle = (id: string, text: string) =>
    h("label", { class: "toggle" }, h("input", { type: "checkbox", id }), h("span", null, text));
  return [
    toggle("show-intervals", "95% intervals"),
    summary.published === null ? null : toggle("show-published", "Published numbers"),
  ];
}

function tableCaption(ctx: ReportContext, view: number): Child {
  const { h, summary } = ctx;
  return [
    `AUROC, ${summary.views[view]} view: `,
    h("span", { "data-slice-name": "" }, sliceName(summary.slices[summary.primary]!)),
    ".",
  ];
}

function explanation(ctx: ReportContext): string {
  const repeated = ctx.results.runs.length > ctx.summary.arms.length;
  const published = ctx.summary.published === null
    ? ""
    : " Published numbers are from Sutter et al. (NeurIPS 2024) on MIMIC-CXR, with different test studies.";
  return (repeated ? "Values are means over runs. " : "") +
    "Intervals are 95% percentile intervals of a bootstrap over patients" + (repeated ? ", averaged over runs" : "") +
    "; hover over a value, or move to it with the arrow keys, to see it for every run. Bold marks the best value " +
    "of each row and " +
    "those statistically tied with it: methods whose paired comparison with the best is not significant at 0.05 " +
    "after Holm's " +
    "correction or, where the results have no such comparison, whose interval contains the best value. " +
    "n+ and n− are the numbers of test studies with and without the finding. n/a: only one class is present or no " +
    "classifier " +
    "could be fitted. –: the method was not evaluated." + published;
}
