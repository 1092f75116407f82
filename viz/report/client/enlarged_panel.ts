/**
 * The content of the enlarged-panel dialog: the chart with axes, and a table of curve values at a movable x.
 *
 * @module
 */
import { chartFrame, percent } from "../charts/frame.ts";
import { swatch } from "../charts/marks.ts";
import { UNITS } from "../figures/curves.ts";
import { formatScore } from "../markup/format.ts";
import { highlightOnHover } from "./keys.ts";
import { all, type Page } from "./page.ts";
import { cornersOf, heightAt, type UnitPoint } from "./polyline.ts";

/** One method's curve, its row in the table, and the cell that shows the curve's value. */
interface Reading {
  readonly corners: readonly UnitPoint[];
  readonly row: HTMLTableRowElement;
  readonly cell: HTMLTableCellElement;
}

const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1].map((value) => ({ at: value * UNITS, text: value.toFixed(1) }));

/** Initial x position of the crosshair: a tenth of the axis. */
const FIRST_PLACE = UNITS / 10;

/** Creates the enlarged panel, and a table of every curve's value at the x set by the slider or the pointer. */
export function enlargedPanel(page: Page, panel: HTMLElement): HTMLElement[] {
  const { h } = page;
  const { x = "", y = "", measure = "" } = panel.dataset;
  const crosshair = h.svg("line", { class: "crosshair", y1: "0", y2: "100%" });
  const chart = enlargedChart(page, panel, crosshair);
  const readings = all<SVGPathElement>(".line", panel).map((path) => readingOf(page, path));
  const heading = h("th", { scope: "col", class: "number" });
  const slider = h("input", { type: "range", min: 0, max: UNITS, step: 10 });
  const read = (at: number) => {
    slider.value = String(at);
    for (const name of ["x1", "x2"]) crosshair.setAttribute(name, percent(at));
    heading.textContent = `${y} at ${(at / UNITS).toFixed(2)}`;
    for (const { corners, cell } of readings) {
      const top = heightAt(corners, at);
      cell.textContent = formatScore(top === null ? null : 1 - top / UNITS);
    }
  };
  slider.addEventListener("input", () => read(Number(slider.value)));
  chart.addEventListener("pointermove", (event) => {
    const { left, width } = chart.getBoundingClientRect();
    read(Math.round(Math.min(1, Math.max(0, (event.clientX - left) / width)) * UNITS));
  });
  read(FIRST_PLACE);
  const column = (text: string) => h("th", { scope: "col", class: "number" }, text);
  const head = h("tr", null, h("th", { scope: "col" }, "Method"), column(measure), heading);
  const table = h("table", null, h("thead", null, head), h("tbody", null, readings.map(({ row }) => row)));
  return [
    h("div", null, chart, h("label", { class: "reader" }, `Read the curves at ${x.toLowerCase()}`, slider)),
    h("div", { class: "scroll" }, table),
  ];
}

/** Copies the panel's curves into a chart with axes. */
function enlargedChart(page: Page, panel: HTMLElement, crosshair: SVGLineElement): SVGSVGElement {
  const { x = "", y = "", title = "" } = panel.dataset;
  return chartFrame(page.h, {
    size: "square",
    description: title,
    x: { label: x, ticks: TICKS },
    y: { label: y, ticks: TICKS },
    lines: all<SVGPathElement>(".chance, .line", panel).map((path) => path.cloneNode(true)),
    marks: [crosshair],
  });
}

function readingOf({ h, summary }: Page, path: SVGPathElement): Reading {
  const { arm: index = "", text = "" } = path.dataset;
  const arm = summary.arms[Number(index)]!;
  const cell = h("td", { class: "number" });
  const name = h("th", { scope: "row" }, swatch(h, arm), " ", arm.name);
  const row = h("tr", null, name, h("td", { class: "number" }, text), cell);
  highlightOnHover(row, index);
  return { corners: cornersOf(path.getAttribute("d") ?? ""), row, cell };
}
