/**
 * Markers, legend entries and the CSS classes that connect everything drawn for one method.
 *
 * @module
 */
import type { Arm } from "../figures/arms.ts";
import type { Builder } from "../markup/dom.ts";
import { MARKERS } from "../figures/palette.ts";
import { percent } from "./frame.ts";

/** The CSS classes of a series: its colour, its dash pattern, and the class by which the legend selects it. */
export function seriesClass(arm: Arm, index: number): string {
  return `series arm-${index} slot-${arm.slot} dash-${arm.dash}`;
}

/** Creates a marker in the shape of its method, at a position in the units of the frame, with its tooltip text. */
export function marker(
  h: Builder,
  arm: Arm,
  at: { index: number; x: number; y: number; text: string; interactive?: boolean },
): SVGSVGElement {
  return h.svg(
    "svg",
    { class: `point ${seriesClass(arm, at.index)}`, x: percent(at.x), y: percent(at.y), width: "1", height: "1" },
    at.text === "" ? null : h.svg("title", null, at.text),
    at.interactive === false ? null : h.svg("circle", { class: "hit", r: "10" }),
    h.svg("path", { d: MARKERS[arm.slot % MARKERS.length]! }),
  );
}

/** Creates a method's legend swatch: a short piece of its line with its marker. */
export function swatch(h: Builder, arm: Arm): SVGSVGElement {
  const s = h.svg;
  return s(
    "svg",
    {
      class: `swatch slot-${arm.slot} dash-${arm.dash}`,
      viewBox: "-12 -6 24 12",
      width: "24",
      height: "12",
      "aria-hidden": "true",
    },
    s("line", { class: "line", x1: "-12", x2: "12", y1: "0", y2: "0" }),
    s("path", { class: "shape", d: MARKERS[arm.slot % MARKERS.length]! }),
  );
}

/**
 * Creates the legend of a section's figures. The client script turns its entries into buttons that show and hide a
 * method in all figures.
 */
export function legend(h: Builder, arms: readonly Arm[]): HTMLElement {
  return h(
    "ul",
    { class: "legend", "aria-label": "Methods" },
    arms.map((arm, index) => h("li", null, h("span", { class: "key", "data-arm": index }, swatch(h, arm), arm.name))),
  );
}
