/**
 * Redraws figures when the reader picks another label, baseline or run.
 *
 * @module
 */
import { efficiencyChart } from "../charts/efficiency_chart.ts";
import { forestPlot } from "../charts/forest_plot.ts";
import { latentCharts } from "../charts/latent_charts.ts";
import type { ComparisonPlace } from "../figures/comparisons.ts";
import { capitalise } from "../markup/format.ts";
import { all, byId, type Page } from "./page.ts";

/** Redraws figures on selection, using the same functions that drew them when the report was made. */
export function setUpRedrawing(page: Page): void {
  onChange(["efficiency-row"], ([row]) => {
    for (const holder of all<HTMLElement>("[data-efficiency]")) {
      const view = Number(holder.dataset["efficiency"]);
      const chart = efficiencyChart(page.h, page.summary, { view, row: Number(row), slice: page.summary.primary });
      holder.replaceChildren(chart ?? missing(page, "n/a: not defined for this label."));
    }
  });
  onChange(["forest-baseline", "forest-row", "forest-basis"], ([baseline, row, basis]) => {
    redrawForest(page, {
      baseline: baseline!,
      label: page.summary.labels[Number(row)] ?? null,
      basis: basis ?? byId("forest")!.dataset["basis"]!,
    });
  });
  onChange(["latents-run", "latents-label"], ([run, label]) => {
    const { latents, summary, h } = page;
    const at = { run: run ?? latents.projections[0]!.run, label: Number(label), labels: summary.labels };
    byId("latents")?.replaceChildren(...latentCharts(h, latents, at));
  });
}

function redrawForest(page: Page, at: Omit<ComparisonPlace, "view">): void {
  const { summary, comparisons } = page;
  for (const holder of all<HTMLElement>("[data-forest]")) {
    const view = summary.views[Number(holder.dataset["forest"])]!;
    const data = { comparisons, arms: summary.arms, caption: `${capitalise(view)} view` };
    holder.replaceChildren(
      forestPlot(page.h, data, { ...at, view }) ?? missing(page, "The results contain no such comparison."),
    );
  }
}

/**
 * Calls back with the values of the given selects, in order, whenever one changes; `undefined` for selects that are not
 * on the page.
 */
function onChange(ids: readonly string[], redraw: (values: (string | undefined)[]) => void): void {
  const selects = ids.map((id) => byId<HTMLSelectElement>(id));
  for (const select of selects) select?.addEventListener("change", () => redraw(selects.map((one) => one?.value)));
}

function missing(page: Page, text: string): HTMLElement {
  return page.h("p", { class: "note" }, text);
}
