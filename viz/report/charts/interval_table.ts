/**
 * A table with a forest plot as its middle column, used for macro AUROC values and for paired differences.
 *
 * @module
 */
import { scaleLinear } from "d3-scale";
import type { Arm } from "../figures/arms.ts";
import { UNITS } from "../figures/curves.ts";
import type { Builder, Child } from "../markup/dom.ts";
import { percent } from "./frame.ts";
import { marker } from "./marks.ts";

/** One row: a method, its value with interval, and the cells to the right of the plot. */
export interface IntervalRow {
  /** `null` for a method without an evaluation of its own in the results. */
  readonly arm: Arm | null;
  readonly index: number;
  readonly name: string;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly cells: readonly string[];
  readonly bold?: boolean;
}

/** The content of an interval table. */
export interface IntervalTableOptions {
  readonly caption: Child;
  readonly head: string;
  /** Label of the axis. */
  readonly axis: string;
  readonly columns: readonly string[];
  readonly rows: readonly IntervalRow[];
  /** A value marked by a vertical line through all rows, such as 0 for no difference. */
  readonly reference: number | null;
  /** Additional values that the axis must cover, so that tables side by side share a scale. */
  readonly range: readonly (number | null | undefined)[];
}

/**
 * Creates a forest plot: a table whose middle column draws each value with its interval on a shared axis in the footer.
 */
export function intervalTable(h: Builder, options: IntervalTableOptions): HTMLTableElement {
  const ends = [options.reference, ...options.range, ...options.rows.flatMap((row) => [row.value, row.low, row.high])]
    .flatMap((value) => value ?? []);
  const [least, most] = ends.length > 0 ? [Math.min(...ends), Math.max(...ends)] : [0, 1];
  const room = Math.max((most - least) * 0.06, 1e-3);
  const scale = scaleLinear().domain([least - room, most + room]).range([0, UNITS]);
  const count = [5, 4, 3, 2, 1].find((count) => scale.ticks(count).length <= 4) ?? 1;
  const ticks = scale.ticks(count);
  const zero = options.reference === null ? null : percent(scale(options.reference));
  return h(
    "table",
    { class: "intervals" },
    h("caption", null, options.caption),
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        h("th", { scope: "col" }, options.head),
        h("th", { scope: "col", class: "plot" }, options.axis),
        options.columns.map((column) => h("th", { scope: "col", class: "number" }, column)),
      ),
    ),
    h("tbody", null, options.rows.map((row) => tableRow(h, row, { scale, ticks, zero }))),
    h(
      "tfoot",
      null,
      h(
        "tr",
        { "aria-hidden": "true" },
        h("td"),
        h(
          "td",
          { class: "plot" },
          axisStrip(h, ticks.map((value) => ({ at: scale(value), text: scale.tickFormat(count)(value) }))),
        ),
        h("td", { colspan: options.columns.length }),
      ),
    ),
  );
}

function tableRow(
  h: Builder,
  row: IntervalRow,
  axis: { scale: (value: number) => number; ticks: readonly number[]; zero: string | null },
): HTMLElement {
  return h(
    "tr",
    { class: row.bold ? "bold" : null, "data-arm": row.arm === null ? null : row.index },
    h("th", { scope: "row" }, row.name),
    h(
      "td",
      { class: "plot" },
      h.svg(
        "svg",
        { class: "strip", "aria-hidden": "true" },
        axis.ticks.map((value) => {
          const x = percent(axis.scale(value));
          return h.svg("line", { class: "grid", x1: x, x2: x, y1: "-100%", y2: "200%" });
        }),
        axis.zero === null
          ? null
          : h.svg("line", { class: "reference", x1: axis.zero, x2: axis.zero, y1: "-100%", y2: "200%" }),
        whisker(h, row, axis.scale),
      ),
    ),
    row.cells.map((text) => h("td", { class: "number" }, text)),
  );
}

function whisker(h: Builder, row: IntervalRow, scale: (value: number) => number): Child {
  if (row.value === null) return null;
  const colour = row.arm === null ? "" : ` slot-${row.arm.slot}`;
  const interval = row.low === null || row.high === null ? null : h.svg("line", {
    class: `whisker${colour}`,
    x1: percent(scale(row.low)),
    x2: percent(scale(row.high)),
    y1: "50%",
    y2: "50%",
  });
  const arm: Arm = row.arm ?? { method: "", variant: "", name: row.name, slot: 6, dash: 0, supervised: false };
  return [
    interval,
    marker(h, arm, { index: row.index, x: scale(row.value), y: UNITS / 2, text: "", interactive: false }),
  ];
}

function axisStrip(h: Builder, ticks: readonly { at: number; text: string }[]): SVGSVGElement {
  return h.svg(
    "svg",
    { class: "strip axis-strip" },
    h.svg("line", { class: "axis", x1: "0", x2: "100%", y1: "0", y2: "0" }),
    ticks.map((tick) => h.svg("text", { class: "tick tick-x", x: percent(tick.at), y: "0", dy: "16" }, tick.text)),
  );
}
