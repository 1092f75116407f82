/**
 * Scatter plots of two-dimensional projections of latents.
 *
 * @module
 */
import { median } from "d3-array";
import { UNITS } from "../figures/curves.ts";
import type { Builder, Child } from "../markup/dom.ts";
import { chartFrame, percent } from "./frame.ts";

/** Number of label colours in the style sheet. Labels have colours of their own because the others identify methods. */
const LABEL_COLORS = 10;

/** A projection reduced for the report: integer coordinates of at most a few hundred studies. */
export interface ScatterData {
  readonly run: string;
  readonly method: string;
  readonly view: string;
  readonly kind: "pca" | "umap";
  /** Positions in [0, {@linkcode UNITS}]. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly explained: readonly number[] | null;
  /** Index of the set of cases that the points represent. */
  readonly cases: number;
}

/** A label by which points are coloured: its name and one character per point, `1`, `0` or `-` (excluded). */
export interface ScatterLabel {
  readonly name: string;
  readonly states: string;
}

/**
 * Draws a projection. With one label, positive points are drawn above the others; with several, each label has a colour
 * and its name is written at the median of its points.
 */
export function scatterPlot(h: Builder, data: ScatterData, labels: readonly ScatterLabel[]): SVGSVGElement {
  const [first, second] = data.explained ?? [];
  const axis = data.kind === "pca" ? "PC" : "UMAP ";
  const share = (value: number | undefined) => value === undefined ? "" : ` (${Math.round(value * 100)}%)`;
  const positives = [...labels[0]!.states].filter((state) => state === "1").length;
  const colored = labels.length > 1 ? "coloured by label" : `${positives} of them with ${labels[0]!.name}`;
  return chartFrame(h, {
    size: "scatter",
    description:
      `${data.kind.toUpperCase()} of the ${data.view} latents of ${data.method}: ${data.x.length} test studies, ` +
      `${colored}.`,
    x: { label: `${axis}1${share(first)}`, ticks: [] },
    y: { label: `${axis}2${share(second)}`, ticks: [] },
    lines: [
      h.svg("path", { class: "box", d: `M0 0H${UNITS}V${UNITS}H0Z` }),
      ...(labels.length > 1 ? everyLabel(h, data, labels) : oneLabel(h, data, labels[0]!)),
    ],
    marks: labels.length > 1 ? labels.map((label) => nameAtMiddle(h, data, label)) : [],
  });
}

function oneLabel(h: Builder, data: ScatterData, label: ScatterLabel): Child[] {
  return [
    h.svg("path", { class: "dots negative", d: dots(data, (i) => label.states.charAt(i) !== "1") }),
    h.svg("path", { class: "dots positive", d: dots(data, (i) => label.states.charAt(i) === "1") }),
  ];
}

function everyLabel(h: Builder, data: ScatterData, labels: readonly ScatterLabel[]): Child[] {
  return labels.map((label, l) =>
    h.svg("path", {
      class: `dots label-${l % LABEL_COLORS}`,
      d: dots(data, (i) => label.states.charAt(i) === "1"),
    })
  );
}

/** A label's name at the coordinate-wise median of its points, in place of a legend. */
function nameAtMiddle(h: Builder, data: ScatterData, label: ScatterLabel): Child {
  const own = (values: readonly number[]) => median(values.filter((_, i) => label.states.charAt(i) === "1"));
  const [x, y] = [own(data.x), own(data.y)];
  if (x === undefined || y === undefined) return null;
  return h.svg("text", { class: "cluster", x: percent(x), y: percent(UNITS - y), dy: "5" }, label.name);
}

function dots(data: ScatterData, wanted: (index: number) => boolean): string {
  return data.x.map((x, i) => wanted(i) ? `M${x} ${UNITS - data.y[i]!}h0` : "").join("");
}
