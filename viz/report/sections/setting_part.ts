/**
 * Charts of AUROC against settings that an experiment varied.
 *
 * @module
 */
import { lineChart, type LineSeries, rangeOf } from "../charts/line_chart.ts";
import { figure, figureCaution, type ReportContext } from "../context.ts";
import type { Child } from "../markup/dom.ts";
import { capitalise, formatScore } from "../markup/format.ts";
import { probeName } from "../figures/summary.ts";

/**
 * Renders one chart per varied numeric setting, such as label noise, a fixed alpha or the fraction of missing laterals.
 */
export function settingPart(ctx: ReportContext): Child {
  const { h, summary, results } = ctx;
  const keys = new Set(
    results.evaluations.flatMap((e) =>
      Object.entries(e.setting).flatMap(([key, v]) => typeof v === "number" ? [key] : [])
    ),
  );
  return [...keys].map((key) => {
    const byView = summary.views.map((_, view) => settingSeries(ctx, { key, view }));
    const range = rangeOf(byView.flat());
    const charts = summary.views.flatMap((view, v) => {
      const series = byView[v]!;
      if (new Set(series.flatMap(({ points }) => points.map((point) => point.x))).size < 2) return [];
      const chart = lineChart(h, {
        series,
        x: { label: capitalise(key), log: false, format: String },
        y: { label: "Macro AUROC", range },
        description: `${capitalise(view)} view: macro AUROC against ${key}.`,
      });
      return [h("div", { class: "chart-block" }, h("h4", null, `${capitalise(view)} view`), chart)];
    });
    if (charts.length === 0) return null;
    return [
      h("h3", null, `AUROC against ${key}`),
      figureCaution(ctx),
      figure(ctx, {
        class: "wide",
        caption: `Macro AUROC against ${key} (${probeName(summary.slices[summary.primary]!)}).`,
      }, h("div", { class: "columns" }, charts)),
    ];
  });
}

/** One line per method, joining its arms that differ only in this setting. */
function settingSeries(ctx: ReportContext, at: { key: string; view: number }): LineSeries[] {
  const { summary, find } = ctx;
  const points = summary.arms.flatMap((arm, index) => {
    const x = find({ slice: summary.primary, view: at.view, arm: index })[0]?.setting[at.key];
    const cell = summary.cells[summary.primary]![at.view]!.at(-1)![index] ?? null;
    if (typeof x !== "number" || cell === null) return [];
    return [{
      arm,
      index,
      point: { x, y: cell.value, low: cell.low, high: cell.high, text: `${arm.name}: ${formatScore(cell.value)}` },
    }];
  });
  const rest = (name: string, x: number) => name.replace(`${at.key} ${x}`, "");
  return [...Map.groupBy(points, ({ arm, point }) => `${arm.method} ${rest(arm.variant, point.x)}`).values()].map((
    group,
  ) => ({
    arm: group[0]!.arm,
    index: group[0]!.index,
    points: group.map(({ point }) => point).sort((a, b) => a.x - b.x),
    prominent: false,
  }));
}
