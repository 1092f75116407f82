/**
 * The frame shared by all charts: axes, grid, ticks and the coordinate system of the lines and markers inside it.
 *
 * @module
 */
import type { Builder, Child } from "../markup/dom.ts";
import { UNITS } from "../figures/curves.ts";

/** A tick at a position in [0, {@linkcode UNITS}] along its axis. */
export interface Tick {
  readonly at: number;
  readonly text: string;
}

/** One axis: what it measures and its ticks. */
export interface Axis {
  readonly label: string;
  readonly ticks: readonly Tick[];
}

/** The content of a chart. */
export interface FrameOptions {
  /** Selects a `chart-*` class of the style sheet, which sets the height. */
  readonly size: "small" | "medium" | "large" | "square" | "scatter";
  /** Text alternative for screen readers. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  /** Paths in a square of {@linkcode UNITS} by {@linkcode UNITS} with y pointing down, stretched to fill the chart. */
  readonly lines?: readonly Child[];
  /** Whether lines that leave the axes' range are clipped at the edge of the chart. */
  readonly clipped?: boolean;
  /** Elements positioned by percentages, which are not stretched. */
  readonly marks?: readonly Child[];
}

/**
 * Creates a chart that fills the available width without scaling its text.
 *
 * The outer SVG has no viewBox: text and markers are positioned at percentages of it, and margins in the style sheet
 * leave room for the ticks. Lines are in an inner SVG that stretches without preserving its aspect ratio, with
 * non-scaling strokes. One drawing therefore works on a phone, a wide screen and paper without a script.
 */
export function chartFrame(h: Builder, options: FrameOptions): SVGSVGElement {
  const s = h.svg;
  const across = options.x.ticks.map((tick) => {
    const x = percent(tick.at);
    return [
      s("line", { class: "grid", x1: x, x2: x, y1: "0", y2: "100%" }),
      s("text", { class: "tick tick-x", x, y: "100%", dy: "18" }, tick.text),
    ];
  });
  const upwards = options.y.ticks.map((tick) => {
    const y = percent(UNITS - tick.at);
    return [
      s("line", { class: "grid", x1: "0", x2: "100%", y1: y, y2: y }),
      s("text", { class: "tick tick-y", x: "0", y, dx: "-8", dy: "4" }, tick.text),
    ];
  });
  return s(
    "svg",
    {
      class: `chart chart-${options.size}${options.y.label === "" ? " unlabelled" : ""}`,
      role: "img",
      "aria-label": options.description,
    },
    across,
    upwards,
    s("line", { class: "axis", x1: "0", x2: "100%", y1: "100%", y2: "100%" }),
    s("text", { class: "axis-label axis-label-x", x: "100%", y: "100%", dy: "36" }, options.x.label),
    options.y.label === ""
      ? null
      : s("text", { class: "axis-label axis-label-y", x: "0", y: "0", dy: "-14" }, options.y.label),
    s("svg", {
      class: options.clipped ? "lines clipped" : "lines",
      viewBox: `0 0 ${UNITS} ${UNITS}`,
      preserveAspectRatio: "none",
      width: "100%",
      height: "100%",
    }, options.lines ?? []),
    options.marks ?? [],
  );
}

/** Converts a position in {@linkcode UNITS} to a percentage of the chart. */
export function percent(units: number): string {
  return `${Number((units / UNITS * 100).toFixed(2))}%`;
}
