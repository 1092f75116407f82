/**
 * The table of AUROC values by label and method. The client script draws it again when the reader picks another slice.
 *
 * @module
 */
import type { Attributes, Builder, Child } from "../markup/dom.ts";
import { capitalise, formatCount, formatInterval, formatScore, MISSING } from "../markup/format.ts";
import type { Summary } from "../figures/summary.ts";
import type { Cell } from "../figures/cells.ts";
import { swatch } from "./marks.ts";

/** Selects one table of the summary, by index. */
export interface AurocTablePlace {
  readonly slice: number;
  readonly view: number;
}

/** Shown where a method was not evaluated; {@linkcode MISSING} is shown where the value is undefined. */
const NOT_EVALUATED = "–";

/**
 * A table of labels by methods for one view. Each cell holds the value, its interval (shown on demand) and a title with
 * both in full. Where published values exist, each method's column is followed by a column of them, also shown on
 * demand.
 */
export function aurocTable(h: Builder, summary: Summary, at: AurocTablePlace): HTMLTableElement {
  const rows = summary.cells[at.slice]![at.view]!;
  const macro = rows.at(-1)!;
  const published = summary.published?.[at.view] ?? [];
  const columns = summary.arms.flatMap((_, arm): Column[] =>
    rows.every((row) => row[arm] === null) ? [] : [{ arm, compared: published.some((row) => row[arm] !== null) }]
  );
  const cells = (name: string, row: { values: readonly (Cell | null)[]; published: readonly (number | null)[] }) =>
    columns.flatMap(({ arm, compared }): Child[] => [
      valueCell(h, {
        cell: row.values[arm] ?? null,
        evaluated: macro[arm] !== null,
        name: `${summary.arms[arm]!.name}, ${name}, ${summary.views[at.view]}`,
      }),
      compared ? publishedCell(h, row.published[arm] ?? null) : null,
    ]);
  const foot = (name: string, row: Parameters<typeof cells>[1]) =>
    h("tr", null, h("th", { scope: "row" }, name), h("td"), h("td"), cells(name.toLowerCase(), row));
  const accuracy = summary.accuracy?.[at.slice]?.[at.view];
  return h(
    "table",
    { class: "auroc", "data-view": at.view },
    h("caption", null, `${capitalise(summary.views[at.view]!)} view`),
    h("thead", null, headRow(h, summary, columns)),
    h(
      "tbody",
      null,
      summary.labels.map((label, row) => {
        const counts = summary.counts[at.view]![row] ?? null;
        return h(
          "tr",
          null,
          h("th", { scope: "row" }, label),
          countCell(h, counts?.positives),
          countCell(h, counts?.negatives),
          cells(label, { values: rows[row]!, published: published[row] ?? [] }),
        );
      }),
    ),
    h(
      "tfoot",
      null,
      foot("Macro average", { values: macro, published: published.at(-1) ?? [] }),
      accuracy === undefined ? null : foot("Accuracy", { values: accuracy, published: [] }),
    ),
  );
}

/** An arm shown as a column, and whether published values exist for it. */
interface Column {
  readonly arm: number;
  readonly compared: boolean;
}

function headRow(h: Builder, summary: Summary, columns: readonly Column[]): HTMLElement {
  const numeric = (attributes: Attributes, ...content: Child[]) =>
    h("th", { scope: "col", class: "number", "data-sort": "number", ...attributes }, content);
  return h(
    "tr",
    null,
    h("th", { scope: "col", "data-sort": "text" }, "Label"),
    numeric({}, "n+"),
    numeric({}, "n−"),
    columns.flatMap(({ arm: index, compared }): Child[] => {
      const arm = summary.arms[index]!;
      return [
        numeric({ "data-arm": index }, swatch(h, arm), arm.name),
        compared ? numeric({ class: "number published" }, `${arm.name}, published`) : null,
      ];
    }),
  );
}

function valueCell(h: Builder, options: { cell: Cell | null; evaluated: boolean; name: string }): HTMLElement {
  const { cell } = options;
  if (cell === null) {
    const reason = options.evaluated
      ? "not defined: one class only, or no classifier could be fitted"
      : "not evaluated";
    return h(
      "td",
      { class: "number missing", title: `${options.name}: ${reason}` },
      options.evaluated ? MISSING : NOT_EVALUATED,
    );
  }
  return h(
    "td",
    {
      class: `number value ${cell.mark}`.trim(),
      "data-value": cell.value,
      title: `${options.name}: ${describeCell(cell)}`,
    },
    h("span", { class: "score" }, formatScore(cell.value)),
    h("span", { class: "interval" }, ` ${formatInterval(cell.low, cell.high)}`),
  );
}

function publishedCell(h: Builder, value: number | null): HTMLElement {
  return h(
    "td",
    { class: `number published${value === null ? " missing" : ""}`, "data-value": value },
    value === null ? NOT_EVALUATED : formatScore(value),
  );
}

function countCell(h: Builder, value: number | undefined): HTMLElement {
  return h(
    "td",
    { class: "number count", "data-value": value },
    value === undefined ? NOT_EVALUATED : formatCount(value),
  );
}

/** Describes a cell in full: the value, its interval, the standard deviation over seeds, and each seed's value. */
function describeCell(cell: Cell): string {
  const [first] = cell.each;
  if (cell.each.length === 1) {
    return `${formatScore(cell.value)}, 95% interval ${formatInterval(cell.low, cell.high)} (seed ${first![0]})`;
  }
  const each = cell.each.map(([seed, value, low, high]) =>
    `seed ${seed} ${formatScore(value)} (${formatInterval(low, high)})`
  );
  return `mean of ${cell.each.length} runs ${formatScore(cell.value)}, 95% interval ${
    formatInterval(cell.low, cell.high)
  }, ` +
    `standard deviation over runs ${formatScore(cell.spread)}; ${each.join("; ")}`;
}
