import { median } from "d3-array";
import { UNITS } from "../figures/curves.ts";
import type { Builder, Child } from "../markup/dom.ts";
import { chartFrame, percent } from "./frame.ts";

/** How many colours the style sheet has for labels; those of the methods mean methods. */
const LABEL_COLORS = 10;

/** A projection as the report keeps it: whole units, and at most a few hundred studies. */
export interface ScatterData {
  readonly run: string;
  readonly method: string;
  readonly view: string;
  readonly kind: "pca" | "umap";
  /** Positions in [0, {@linkcode UNITS}]. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly explained: readonly number[] | null;
  /** Index of the set of cases that the points are. */
  readonly cases: number;
}

/** Labels by which points are coloured: a name, and one character a point, `1`, `0` or `-` (does not count). */
export interface ScatterLabel {
  readonly name: string;
  readonly states: string;
}

/** Points of the plane: with one label, those that have it above the others; with several, each in its own colour and named. */
export function scatterPlot(h: Builder, data: ScatterData, labels: readonly ScatterLabel[]): SVGSVGElement {
  const [first, second] = data.explained ?? [];
  const axis = data.kind === "pca" ? "PC" : "UMAP ";
  const share = (value: number | undefined) => value === undefined ? "" : ` (${Math.round(value * 100)} %)`;
  const positives = [...labels[0]!.states].filter((state) => state === "1").length;
  const colored = labels.length > 1 ? "coloured by label" : `${positives} of them with ${labels[0]!.name}`;
  return chartFrame(h, {
    size: "scatter",
    description:
      `${data.kind.toUpperCase()} of the ${data.view} latents of ${data.method}: ${data.x.length} test studies, ${colored}.`,
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

/** A label's name where the middle of its points is, so that no key is needed. */
function nameAtMiddle(h: Builder, data: ScatterData, label: ScatterLabel): Child {
  const own = (values: readonly number[]) => median(values.filter((_, i) => label.states.charAt(i) === "1"));
  const [x, y] = [own(data.x), own(data.y)];
  if (x === undefined || y === undefined) return null;
  return h.svg("text", { class: "cluster", x: percent(x), y: percent(UNITS - y), dy: "5" }, label.name);
}

function dots(data: ScatterData, wanted: (index: number) => boolean): string {
  return data.x.map((x, i) => wanted(i) ? `M${x} ${UNITS - data.y[i]!}h0` : "").join("");
}
