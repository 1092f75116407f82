/**
 * The figures of a page of evidence, drawn as the reports draw them.
 *
 * @module
 */
import type { TradeOffPoint } from "../../eval/evidence/evidence_record.ts";
import type { Evaluation } from "../../eval/results/results.ts";
import { efficiencyChart } from "../report/charts/efficiency_chart.ts";
import { intervalTable } from "../report/charts/interval_table.ts";
import { lineChart, type LineSeries, rangeOf } from "../report/charts/line_chart.ts";
import { legend } from "../report/charts/marks.ts";
import { scrollRegion } from "../report/context.ts";
import type { Arm } from "../report/figures/arms.ts";
import { compareNaturally } from "../report/figures/natural_order.ts";
import { assignSlots, methodName, methodRank } from "../report/figures/palette.ts";
import type { Summary } from "../report/figures/summary.ts";
import type { Builder, Child } from "../report/markup/dom.ts";
import { capitalise, formatInterval, formatPercent, formatScore } from "../report/markup/format.ts";
import type { EvidenceFigure } from "./evidence.ts";
import { meanPoints } from "./findings.ts";

/** Draws a figure: one chart for each view, or for each of the two trade-offs. */
export function evidenceFigure(
  h: Builder,
  evaluations: readonly Evaluation[],
  options: { summary: Summary; figure: EvidenceFigure; tradeOff: readonly TradeOffPoint[] },
): Child {
  const { summary, figure, tradeOff } = options;
  switch (figure.kind) {
    case "intervals":
      return summary.views.map((view, v) => scrollRegion(h, `${view} view`, intervals(h, summary, v)));
    case "fraction":
      return [
        legend(h, summary.arms),
        columns(
          h,
          summary.views.map((view, v) => ({
            title: `${capitalise(view)} view`,
            chart: efficiencyChart(h, summary, { view: v, row: summary.labels.length, slice: summary.primary }),
          })),
        ),
      ];
    case "setting":
      return bySetting(h, evaluations, figure.key);
    case "settings":
      return summary.views.map((view, v) => scrollRegion(h, `${view} view`, intervals(h, summary, v, bySettings)));
    case "trade-off":
      return tradeOffs(h, tradeOff);
  }
}

/** A row of a table of intervals: an arm, its name, and the rows with which it is compared. */
interface NamedRow {
  readonly index: number;
  readonly name: string;
  readonly group: string;
}

function byMethod(arms: readonly Arm[]): NamedRow[] {
  return arms.map(({ name }, index) => ({ index, name, group: "" }));
}

/** Arms of one setting together, named and compared within it. */
function bySettings(arms: readonly Arm[]): NamedRow[] {
  return arms.map(({ method, variant }, index) => ({
    index,
    name: `${variant === "" ? "base" : variant}: ${methodName(method)}`,
    group: variant,
  })).sort((a, b) => compareNaturally(a.group, b.group) || a.index - b.index);
}

/** How many times a view's range the axis that it shares with others may be. */
const WIDEST = 4;

function span(ends: readonly (number | null)[]): number {
  const known = ends.filter((end) => end !== null);
  return known.length === 0 ? 0 : Math.max(...known) - Math.min(...known);
}

/** @param rowsOf The rows in order; the best of each group is set in bold. */
function intervals(h: Builder, summary: Summary, view: number, rowsOf = byMethod): HTMLTableElement {
  const rows = summary.cells[summary.primary]!;
  // Views share an axis, unless one of them has a wide range: of a degraded view, every step down to chance.
  const ends = (each: typeof rows[number]) =>
    each.at(-1)!.flatMap((cell) => cell === null ? [] : [cell.low, cell.high]);
  const all = rows.flatMap(ends);
  const range = span(all) > WIDEST * span(ends(rows[view]!)) ? [] : all;
  const shown = rowsOf(summary.arms).flatMap((row) => {
    const cell = rows[view]!.at(-1)![row.index] ?? null;
    return cell === null ? [] : [{ ...row, cell }];
  });
  const best = new Map([...Map.groupBy(shown, ({ group }) => group)].map(([group, members]) => [
    group,
    members.length < 2 ? NaN : Math.max(...members.map(({ cell }) => cell.value)),
  ]));
  return intervalTable(h, {
    caption: `${capitalise(summary.views[view]!)} view`,
    head: "Method",
    axis: "Macro AUROC",
    columns: ["AUROC", "95% interval"],
    reference: null,
    range,
    rows: shown.map(({ index, name, group, cell: { value, low, high } }) => ({
      arm: summary.arms[index]!,
      ...{ index, name, value, low, high },
      bold: value === best.get(group),
      cells: [formatScore(value), formatInterval(low, high)],
    })),
  });
}

function columns(h: Builder, charts: readonly { title: string; chart: Child }[]): HTMLElement {
  return h(
    "div",
    { class: "columns" },
    charts.map(({ title, chart }) => h("div", { class: "chart-block" }, h("h4", null, title), chart)),
  );
}

/** An arm for each method, whatever its settings. */
function methodArms(methods: Iterable<string>): Arm[] {
  const names = [...new Set(methods)].sort((a, b) => methodRank(a) - methodRank(b));
  const slots = assignSlots(names);
  return names.map((method) => ({
    ...{ method, variant: "", name: methodName(method), slot: slots.get(method)!, dash: 0 },
    supervised: method.startsWith("supervised"),
  }));
}

function bySetting(h: Builder, evaluations: readonly Evaluation[], key: string): Child {
  const arms = methodArms(evaluations.map(({ method }) => method));
  const views = [...new Set(evaluations.map(({ view }) => view))];
  const series = views.map((view) => arms.map((arm, index) => settingSeries(evaluations, { key, view, arm, index })));
  const range = rangeOf(series.flat());
  return [
    legend(h, arms),
    columns(
      h,
      views.map((view, v) => ({
        title: `${capitalise(view)} view`,
        chart: lineChart(h, {
          series: series[v]!,
          x: { label: `Share (${key})`, log: false, format: formatPercent },
          y: { label: "Macro AUROC", range },
          description: `${capitalise(view)} view: macro AUROC of ${arms.length} methods against ${key}.`,
        }),
      })),
    ),
  ];
}

function settingSeries(
  evaluations: readonly Evaluation[],
  { key, view, arm, index }: { key: string; view: string; arm: Arm; index: number },
): LineSeries {
  const own = evaluations.filter((each) => each.method === arm.method && each.view === view);
  const groups = Map.groupBy(own, ({ setting }) => Number(setting[key]));
  const points = [...groups].filter(([x]) => Number.isFinite(x)).sort(([a], [b]) => a - b).flatMap(([x, group]) => {
    const mean = (value: (each: Evaluation) => number | null) => {
      const values = group.flatMap((each) => value(each) ?? []);
      return values.length === 0 ? null : values.reduce((sum, one) => sum + one, 0) / values.length;
    };
    const y = mean(({ macro }) => macro.auroc.value);
    const [low, high] = [mean(({ macro }) => macro.auroc.low), mean(({ macro }) => macro.auroc.high)];
    const text = `${arm.name}, ${key} ${formatPercent(x)}: ${formatScore(y)} (${formatInterval(low, high)})`;
    return y === null ? [] : [{ x, y, low, high, text }];
  });
  return { arm, index, points, prominent: arm.method === "mmvm" };
}

function tradeOffs(h: Builder, points: readonly TradeOffPoint[]): Child {
  const arms = methodArms(points.map(({ method }) => method));
  const means = meanPoints(points);
  const latents = [...new Set(means.map(({ latentDim }) => latentDim))].sort((a, b) => a - b);
  const chart = (latentDim: number, label: string, value: (point: TradeOffPoint) => number) => {
    const series = arms.map((arm, index): LineSeries => ({
      ...{ arm, index, prominent: false },
      points: means.filter((point) => point.method === arm.method && point.latentDim === latentDim)
        .sort((a, b) => a.error - b.error)
        .map((point) => ({
          ...{ x: point.error, y: value(point), low: null, high: null },
          text: `${arm.name}, beta 2^${Math.log2(point.beta)}: error ${
            point.error.toFixed(4)
          }, ${label.toLowerCase()} ${formatPercent(value(point))}`,
        })),
    }));
    return {
      title: `${label}, ${latentDim} latent dimensions`,
      chart: lineChart(h, {
        series,
        x: { label: "Mean squared error of reconstructions", log: false, format: (error) => error.toFixed(4) },
        y: { label, range: rangeOf(series) },
        description:
          `${label} of ${arms.length} methods against the error of reconstructions, one point for each beta.`,
      }),
    };
  };
  return [
    legend(h, arms),
    columns(
      h,
      latents.flatMap((latentDim) => [
        chart(latentDim, "Latent classification", ({ classification }) => classification),
        chart(latentDim, "Coherence", ({ coherence }) => coherence),
      ]),
    ),
  ];
}
