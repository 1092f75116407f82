/**
 * The label-efficiency chart: AUROC against the fraction of labelled training patients.
 *
 * @module
 */
import type { Builder } from "../markup/dom.ts";
import { capitalise, formatInterval, formatPercent, formatScore } from "../markup/format.ts";
import type { Summary } from "../figures/summary.ts";
import type { Cell } from "../figures/cells.ts";
import { bestOf } from "../figures/ties.ts";
import { lineChart, type LineSeries, rangeOf } from "./line_chart.ts";

/**
 * Selects a view, a row (a label, or the macro average after the last label) and a classifier, the latter by any slice
 * that uses it.
 */
export interface EfficiencyPlace {
  readonly view: number;
  readonly row: number;
  readonly slice: number;
}

/**
 * Draws AUROC against the labelled fraction; `null` if fewer than two fractions were evaluated. The interval bands of
 * the supervised classifier and of the best VAE are always visible, because the figure exists to compare these two.
 */
export function efficiencyChart(h: Builder, summary: Summary, at: EfficiencyPlace): SVGSVGElement | null {
  if (fractionSlices(summary, at.slice).length < 2) return null;
  const series = efficiencySeries(summary, at);
  if (series.length === 0) return null;
  const label = summary.labels[at.row] ?? "macro average";
  const view = summary.views[at.view]!;
  return lineChart(h, {
    series,
    x: { label: "Labelled fraction of the training patients", log: true, format: formatPercent },
    y: {
      label: `AUROC, ${label}`,
      range: rangeOf(summary.views.flatMap((_, other) => efficiencySeries(summary, { ...at, view: other }))),
    },
    description:
      `${capitalise(view)} view: AUROC (${label}) of ${series.length} methods against the labelled fraction. ` +
      "The numbers are in the table below.",
  });
}

function efficiencySeries(summary: Summary, at: EfficiencyPlace): LineSeries[] {
  const slices = fractionSlices(summary, at.slice);
  const prominent = prominentArms(summary, summary.cells[slices.at(-1)!]![at.view]![at.row]!);
  return summary.arms.flatMap((arm, index): LineSeries[] => {
    const points = slices.flatMap((slice) => {
      const cell = summary.cells[slice]![at.view]![at.row]![index] ?? null;
      const x = summary.slices[slice]!.fraction;
      return cell === null
        ? []
        : [{ x, y: cell.value, low: cell.low, high: cell.high, text: describe(arm.name, x, cell) }];
    });
    return points.length === 0 ? [] : [{ arm, index, points, prominent: prominent.has(index) }];
  });
}

/** The slices that differ from the given one only in the labelled fraction, in ascending order. */
export function fractionSlices(summary: Summary, slice: number): number[] {
  const { probe, latents } = summary.slices[slice]!;
  return summary.slices
    .flatMap((other, index) => other.probe === probe && other.latents === latents ? [index] : [])
    .sort((a, b) => summary.slices[a]!.fraction - summary.slices[b]!.fraction);
}

/**
 * The arms whose bands are always visible: the best VAE, and the plain supervised classifier or else the best
 * supervised one.
 */
function prominentArms(summary: Summary, cells: readonly (Cell | null)[]): Set<number> {
  const only = (supervised: boolean) =>
    bestOf(cells.map((cell, i) => summary.arms[i]!.supervised === supervised ? cell : null));
  const plain = summary.arms.findIndex((arm, i) =>
    arm.method === "supervised" && arm.variant === "" && cells[i] !== null
  );
  return new Set([only(false), plain >= 0 ? plain : only(true)]);
}

function describe(name: string, fraction: number, cell: Cell): string {
  const interval = cell.low === null ? "" : ` (95% interval ${formatInterval(cell.low, cell.high)})`;
  return `${name}, ${formatPercent(fraction)} labelled: ${formatScore(cell.value)}${interval}`;
}
