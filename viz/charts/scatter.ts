import type { Builder } from "../dom.ts";
import { UNITS } from "../curves.ts";
import { chartFrame } from "./frame.ts";

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
  /** Index into the label strings that each point is coloured by. */
  readonly cases: number;
}

/** Labels by case: per label a string of `1`, `0` and `-` (does not count), one character a point. */
export type CaseLabels = readonly string[];

/** Points of the plane, those with the label above those without. */
export function scatterPlot(
  h: Builder,
  data: ScatterData,
  options: { states: string; label: string },
): SVGSVGElement {
  const dots = (wanted: (state: string) => boolean) =>
    data.x.map((x, i) => wanted(options.states.charAt(i)) ? `M${x} ${UNITS - data.y[i]!}h0` : "").join("");
  const [first, second] = data.explained ?? [];
  const name = data.kind === "pca" ? "PC" : "UMAP ";
  const share = (value: number | undefined) => value === undefined ? "" : ` (${Math.round(value * 100)} %)`;
  const positives = [...options.states].filter((state) => state === "1").length;
  return chartFrame(h, {
    size: "scatter",
    description:
      `${data.kind.toUpperCase()} of the ${data.view} latents of ${data.method}: ${data.x.length} test studies, ` +
      `${positives} of them with ${options.label}.`,
    x: { label: `${name}1${share(first)}`, ticks: [] },
    y: { label: `${name}2${share(second)}`, ticks: [] },
    lines: [
      h.svg("path", { class: "box", d: `M0 0H${UNITS}V${UNITS}H0Z` }),
      h.svg("path", { class: "dots negative", d: dots((state) => state !== "1") }),
      h.svg("path", { class: "dots positive", d: dots((state) => state === "1") }),
    ],
  });
}
