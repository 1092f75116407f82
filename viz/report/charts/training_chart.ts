/**
 * Training curves: a logged quantity against the training step, one line per run.
 *
 * @module
 */
import { bisectLeft, extent } from "d3-array";
import { format } from "d3-format";
import { scaleLinear, scaleLog } from "d3-scale";
import { line } from "d3-shape";
import type { Arm } from "../figures/arms.ts";
import { type Point, UNITS } from "../figures/curves.ts";
import type { Builder } from "../markup/dom.ts";
import { chartFrame, type Tick } from "./frame.ts";
import { seriesClass } from "./marks.ts";

/**
 * Scale of the vertical axis. `auto` ignores the first steps, whose large values would flatten the rest of the curve,
 * and is logarithmic if all values are positive and span more than a factor of fifty. `from-zero` is linear and
 * includes zero, for rates.
 */
export type TrainingScale = "auto" | "linear" | "from-zero";

/** The content of a training chart. */
export interface TrainingChartOptions {
  readonly title: string;
  readonly scale: TrainingScale;
  /** One line per run. */
  readonly series: readonly {
    readonly arm: Arm;
    readonly index: number;
    readonly name: string;
    readonly steps: readonly number[];
    readonly values: readonly number[];
    /** Whether the values are those of validations, drawn dashed and with their points. */
    readonly isValidation?: boolean;
  }[];
}

/** Most points kept per line: about the width of a panel in pixels. */
const MOST_POINTS = 240;

/** Fraction of the steps, at the start, that the range of an `auto` axis ignores. */
const UNSCALED_SHARE = 0.02;

/** Draws a logged quantity against the training step. */
export function trainingChart(h: Builder, options: TrainingChartOptions): SVGSVGElement {
  const series = options.series.map((one) => ({ ...one, points: thinned(one.steps, one.values) }));
  const points = series.flatMap((one) => one.points);
  const last = Math.max(...points.map(([step]) => step));
  const scaled = options.scale === "auto" ? points.filter(([step]) => step > last * UNSCALED_SHARE) : points;
  const y = verticalScale((scaled.length > 0 ? scaled : points).map(([, value]) => value), options.scale);
  const x = scaleLinear().domain([0, last]).range([0, UNITS]);
  const path = line<Point>().x(([step]) => Math.round(x(step))).y(([, value]) => Math.round(UNITS - y.at(value)));
  const first = series[0]!.points;
  return chartFrame(h, {
    size: "medium",
    description:
      `${options.title} against the training step of ${series.length === 1 ? "1 run" : `${series.length} runs`}, ` +
      `from ${formatTick(first[0]![1])} to ${formatTick(first.at(-1)![1])} in the first.`,
    x: { label: "Step", ticks: x.ticks(4).map((value) => ({ at: x(value), text: formatTick(value) })) },
    y: { label: y.factor, ticks: y.ticks },
    clipped: true,
    lines: series.map(({ arm, index, name, points, isValidation = false }) =>
      h.svg(
        "path",
        {
          class: `line thin ${seriesClass(arm, index)}${isValidation ? " validation" : ""}`,
          // A single point has no line of its own; a step of no length gets the round cap of lines.
          d: points.length === 1 ? `${path(points)}h0.01` : path(points) ?? "",
        },
        h.svg("title", null, name),
      )
    ),
  });
}

function verticalScale(
  values: readonly number[],
  kind: TrainingScale,
): { at: (value: number) => number; ticks: Tick[]; factor: string } {
  const [least, most] = extent(values) as [number, number];
  const logarithmic = kind === "auto" && least > 0 && most / least > 50;
  const low = kind === "from-zero" ? Math.min(0, least) : least;
  const domain = low < most ? [low, most] : kind === "from-zero" && low === 0 ? [0, 1] : [low - 1, most + 1];
  const scale = logarithmic ? scaleLog().domain(domain) : scaleLinear().domain(domain).nice(5);
  scale.range([0, UNITS]);
  const shown = logarithmic ? logTicks(low, most) : scale.ticks(5);
  const exponent = logarithmic ? 0 : commonExponent(most);
  return {
    at: scale,
    ticks: shown.map((value) => ({ at: scale(value), text: formatTick(value / 10 ** exponent) })),
    factor: exponent === 0 ? "" : `× 1e${exponent}`,
  };
}

/** The power of ten by which ticks below 0.01 are divided, because their labels would be too wide in full; else 0. */
function commonExponent(most: number): number {
  return most > 0 && most < 0.01 ? Math.floor(Math.log10(most)) : 0;
}

/** Ticks at 1, 2 and 5 times powers of ten, or at the powers alone if those would be too many. */
function logTicks(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const decades = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, k) => 10 ** (first + k));
  const inside = (values: number[]) => values.filter((value) => value >= low && value <= high);
  const fine = inside(decades.flatMap((decade) => [decade, 2 * decade, 5 * decade]));
  return fine.length <= 6 ? fine : inside(decades);
}

/** Formats a tick: thousands as `1.5k`, numbers from 0.01 to one in full, smaller ones as `2e-3`. */
function formatTick(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.00999) return format(".2~e")(value).replace("\u2212", "-");
  return Math.abs(value) >= 1000 ? format(".3~s")(value) : format(".3~g")(value);
}

/**
 * Reduces a curve to at most {@linkcode MOST_POINTS} points: the minimum and the maximum of each bin of steps, so that
 * no spike is lost.
 */
export function thinned(steps: readonly number[], values: readonly number[]): Point[] {
  const length = Math.min(steps.length, values.length);
  const all = Array.from({ length }, (_, i): Point => [steps[i]!, values[i]!]);
  if (length <= MOST_POINTS) return all;
  const stretches = MOST_POINTS / 2;
  const ends = Array.from(
    { length: stretches },
    (_, k) => steps[0]! + (k + 1) / stretches * (steps[length - 1]! - steps[0]!),
  );
  const buckets = Map.groupBy(all, ([step]) => bisectLeft(ends, step));
  return [...buckets.values()].flatMap((bucket) => {
    const low = bucket.reduce((a, b) => b[1] < a[1] ? b : a);
    const high = bucket.reduce((a, b) => b[1] > a[1] ? b : a);
    return low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low];
  });
}
