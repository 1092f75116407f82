/**
 * Line charts with markers and interval bands over a numeric axis.
 *
 * @module
 */
import { extent } from "d3-array";
import { scaleLinear, scaleLog } from "d3-scale";
import { area, line } from "d3-shape";
import type { Arm } from "../figures/arms.ts";
import { UNITS } from "../figures/curves.ts";
import type { Builder, Child } from "../markup/dom.ts";
import { chartFrame } from "./frame.ts";
import { marker, seriesClass } from "./marks.ts";

/** A value at a position on the x axis, with its interval if it has one and its tooltip text. */
export interface LinePoint {
  readonly x: number;
  readonly y: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly text: string;
}

/** One line of a chart. */
export interface LineSeries {
  readonly arm: Arm;
  readonly index: number;
  readonly points: readonly LinePoint[];
  /** Whether the interval band is always visible; otherwise it appears while the method is highlighted. */
  readonly prominent: boolean;
}

/** The content of a line chart. */
export interface LineChartOptions {
  readonly series: readonly LineSeries[];
  readonly x: { readonly label: string; readonly log: boolean; readonly format: (value: number) => string };
  /** The range of the vertical axis; charts meant to be compared share one. */
  readonly y: { readonly label: string; readonly range: readonly [low: number, high: number] };
  readonly description: string;
}

/** Draws lines with markers and interval bands over a numeric axis with one tick per measured x value. */
export function lineChart(h: Builder, options: LineChartOptions): SVGSVGElement {
  const points = options.series.flatMap((series) => series.points);
  const places = [...new Set(points.map((point) => point.x))].sort((a, b) => a - b);
  const domain = places.length > 1 ? [places[0]!, places.at(-1)!] : [(places[0] ?? 1) / 2, (places[0] ?? 1) * 2];
  const x = (options.x.log ? scaleLog() : scaleLinear()).domain(domain).range([0, UNITS]);
  const y = scaleLinear().domain(options.y.range).nice(5).range([UNITS, 0]).clamp(true);
  const band = area<LinePoint>().x((p) => round(x(p.x))).y0((p) => round(y(p.low!))).y1((p) => round(y(p.high!)))
    .defined((p) => p.low !== null && p.high !== null);
  const path = line<LinePoint>().x((p) => round(x(p.x))).y((p) => round(y(p.y)));
  const lines: Child[] = [
    options.series.map(({ arm, index, points, prominent }) =>
      h.svg("path", { class: `band ${prominent ? "prominent " : ""}${seriesClass(arm, index)}`, d: band(points) ?? "" })
    ),
    options.series.map(({ arm, index, points }) =>
      h.svg("path", { class: `line ${seriesClass(arm, index)}`, d: path(points) ?? "" })
    ),
  ];
  return chartFrame(h, {
    size: "large",
    description: options.description,
    x: {
      label: options.x.label,
      ticks: withoutOverlaps(places.map((value) => ({ at: x(value), text: options.x.format(value) }))),
    },
    y: {
      label: options.y.label,
      ticks: y.ticks(6).map((value) => ({ at: UNITS - y(value), text: y.tickFormat(6)(value) })),
    },
    lines,
    marks: options.series.map(({ arm, index, points }) =>
      points.map((point) => marker(h, arm, { index, x: x(point.x), y: y(point.y), text: point.text }))
    ),
  });
}

/** Drops ticks whose labels would overlap on a phone. The last tick is always kept. */
function withoutOverlaps<T extends { at: number; text: string }>(ticks: readonly T[]): T[] {
  const last = ticks.at(-1);
  const kept: T[] = [];
  for (const tick of ticks) {
    const free = tick === last || last === undefined || last.at - tick.at >= 110;
    if (free && (kept.length === 0 || tick.at - kept.at(-1)!.at >= 110)) kept.push(tick);
  }
  return kept;
}

/** The range spanned by the lines and the always-visible bands of several charts together. */
export function rangeOf(series: readonly LineSeries[]): [low: number, high: number] {
  const shown = series.flatMap(({ points, prominent }) =>
    points.flatMap((point) => prominent ? [point.low ?? point.y, point.high ?? point.y, point.y] : [point.y])
  );
  const [low = 0, high = 1] = extent(shown);
  return [low, high];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
