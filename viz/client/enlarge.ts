import { chartFrame, percent } from "../charts/frame.ts";
import { swatch } from "../charts/marks.ts";
import { UNITS } from "../curves.ts";
import { formatScore } from "../format.ts";
import { lightUp } from "./keys.ts";
import { all, type Page } from "./page.ts";
import { cornersOf, heightAt, type UnitPoint } from "./polyline.ts";

/** One method's curve in the enlarged panel, and the cell that its height is read off into. */
interface Reading {
  readonly corners: readonly UnitPoint[];
  readonly cell: HTMLTableCellElement;
}

const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** Opens a panel of the small multiples large, in a dialog, with every curve's value at a chosen place. */
export function setUpEnlarging(page: Page): void {
  const { h } = page;
  const title = h("h3", { id: "dialog-title" });
  const body = h("div", { class: "dialog-body" });
  const button = (text: string, act: () => void) => {
    const element = h("button", { type: "button" }, text);
    element.addEventListener("click", act);
    return element;
  };
  let current: HTMLElement | null = null;
  const show = (panel: HTMLElement | null) => {
    if (panel === null) return;
    current = panel;
    title.textContent = panel.dataset["title"] ?? "";
    body.replaceChildren(...enlarged(page, panel));
  };
  const step = (by: number) => show(neighbour(current, by));
  const close = button("Close", () => dialog.close());
  const dialog = h(
    "dialog",
    { "aria-labelledby": "dialog-title" },
    h(
      "div",
      { class: "dialog-head" },
      title,
      button("Previous label", () => step(-1)),
      button("Next label", () => step(1)),
      close,
    ),
    body,
  );
  document.body.append(dialog);
  dialog.addEventListener("keydown", (event) => {
    if (event.target instanceof HTMLInputElement) return;
    if (event.key === "ArrowRight") step(1);
    else if (event.key === "ArrowLeft") step(-1);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  for (const panel of all<HTMLElement>("button.panel")) {
    panel.addEventListener("click", () => {
      show(panel);
      dialog.showModal();
      close.focus();
    });
  }
}

/** The panel some places further among those of the same view and kind, around the ends. */
function neighbour(panel: HTMLElement | null, by: number): HTMLElement | null {
  const siblings = panel === null ? [] : all<HTMLElement>("button.panel", panel.closest(".panel-grid")!);
  const at = siblings.indexOf(panel!);
  return siblings[(at + by + siblings.length) % siblings.length] ?? null;
}

function enlarged(page: Page, panel: HTMLElement): HTMLElement[] {
  const { h } = page;
  const { x = "", y = "" } = panel.dataset;
  const paths = all<SVGPathElement>(".line", panel);
  const ticks = TICKS.map((value) => ({ at: value * UNITS, text: value.toFixed(1) }));
  const crosshair = h.svg("line", { class: "crosshair", y1: "0", y2: "100%" });
  const chart = chartFrame(h, {
    size: "square",
    description: panel.dataset["title"] ?? "",
    x: { label: x, ticks },
    y: { label: y, ticks },
    lines: all<SVGPathElement>(".chance, .line", panel).map((path) => path.cloneNode(true)),
    marks: [crosshair],
  });
  const readings: Reading[] = [];
  const rows = paths.map((path) => {
    const arm = page.summary.arms[Number(path.dataset["arm"])]!;
    const cell = h("td", { class: "number" });
    readings.push({ corners: cornersOf(path.getAttribute("d") ?? ""), cell });
    const row = h(
      "tr",
      null,
      h("th", { scope: "row" }, swatch(h, arm), " ", arm.name),
      h("td", { class: "number" }, path.dataset["text"] ?? ""),
      cell,
    );
    lightUp(row, path.dataset["arm"]!);
    return row;
  });
  const heading = h("th", { scope: "col", class: "number" });
  const slider = h("input", {
    type: "range",
    min: 0,
    max: UNITS,
    step: 10,
  });
  const read = (at: number) => {
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
    slider.value = String(Math.round(Math.min(1, Math.max(0, (event.clientX - left) / width)) * UNITS));
    read(Number(slider.value));
  });
  slider.value = String(UNITS / 10);
  read(UNITS / 10);
  const head = h(
    "tr",
    null,
    h("th", { scope: "col" }, "Method"),
    h("th", { scope: "col", class: "number" }, panel.dataset["measure"] ?? ""),
    heading,
  );
  const table = h("table", null, h("thead", null, head), h("tbody", null, rows));
  return [
    h("div", null, chart, h("label", { class: "reader" }, `Read the curves at ${x.toLowerCase()}`, slider)),
    h("div", { class: "scroll" }, table),
  ];
}
