/**
 * The label-efficiency part of the comparison section.
 *
 * @module
 */
import { efficiencyChart, fractionSlices } from "../charts/efficiency_chart.ts";
import { legend } from "../charts/marks.ts";
import { captionedTable, figure, figureCaution, note, type ReportContext } from "../context.ts";
import type { Child } from "../markup/dom.ts";
import { capitalise, formatPercent, formatScore } from "../markup/format.ts";
import { probeName } from "../figures/summary.ts";
import { rowSelect } from "./row_select.ts";

/** Renders AUROC against the labelled fraction, as charts and as tables. */
export function efficiencyPart(ctx: ReportContext): Child {
  const { h, summary } = ctx;
  const charts = summary.arms.length === 0 ? [] : summary.views.map((view, v) => ({
    view,
    chart: efficiencyChart(h, summary, { view: v, row: summary.labels.length, slice: summary.primary }),
  }));
  if (charts.every(({ chart }) => chart === null)) {
    return note(
      h,
      "Only one labelled fraction was evaluated. The experiment label-efficiency evaluates several.",
    );
  }
  return [
    h("div", { class: "controls" }, rowSelect(ctx, "efficiency-row"), legend(h, summary.arms)),
    figureCaution(ctx),
    figure(
      ctx,
      {
        class: "wide",
        caption: `AUROC against the fraction of training patients whose labels were used ` +
          `(${
            probeName(summary.slices[summary.primary]!)
          }; supervised classifiers trained on the same subset). Bands are 95% intervals of the best VAE and of ` +
          "the supervised classifier; hover over another method in the legend to see its band. Axes do not start " +
          "at zero.",
      },
      h(
        "div",
        { class: "columns" },
        charts.map(({ view, chart }, v) =>
          h(
            "div",
            { class: "chart-block" },
            h("h4", null, `${capitalise(view)} view`),
            h("div", { "data-efficiency": v }, chart ?? note(h, "Not evaluated.")),
          )
        ),
      ),
    ),
    h(
      "details",
      null,
      h("summary", null, "The same numbers as a table"),
      summary.views.map((_, v) => efficiencyTable(ctx, v)),
    ),
  ];
}

function efficiencyTable(ctx: ReportContext, view: number): HTMLElement {
  const { h, summary } = ctx;
  const slices = fractionSlices(summary, summary.primary);
  const name = `Macro AUROC by labelled fraction, ${summary.views[view]} view`;
  const fraction = (slice: number) => formatPercent(summary.slices[slice]!.fraction);
  const score = (slice: number, arm: number) => formatScore(summary.cells[slice]![view]!.at(-1)![arm]?.value);
  return captionedTable(
    ctx,
    { caption: `${name}.` },
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        h("th", { scope: "col" }, "Method"),
        slices.map((slice) => h("th", { scope: "col", class: "number" }, fraction(slice))),
      ),
    ),
    h(
      "tbody",
      null,
      summary.arms.map((arm, a) =>
        h(
          "tr",
          null,
          h("th", { scope: "row" }, arm.name),
          slices.map((slice) => h("td", { class: "number" }, score(slice, a))),
        )
      ),
    ),
  );
}
