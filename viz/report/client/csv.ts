/**
 * CSV export of the AUROC tables.
 *
 * @module
 */
import { capitalise, formatScore } from "../markup/format.ts";
import type { Summary } from "../figures/summary.ts";

/**
 * Formats the AUROC tables of all views at one slice as CSV (RFC 4180): values, both interval bounds and published
 * values with three decimals as on the page; undefined values are empty fields.
 */
export function aurocCsv(summary: Summary, slice: number): string {
  const head = [
    "View",
    "Label",
    "n+",
    "n-",
    ...summary.arms.flatMap(({ name }) => [
      name,
      `${name} low`,
      `${name} high`,
      ...(summary.published === null ? [] : [`${name} published`]),
    ]),
  ];
  const rows = summary.views.flatMap((view, v) =>
    [...summary.labels, "Macro average"].map((label, row) => {
      const counts = summary.counts[v]![row] ?? null;
      return [
        capitalise(view),
        label,
        String(counts?.positives ?? ""),
        String(counts?.negatives ?? ""),
        ...summary.arms.flatMap((_, arm) => {
          const cell = summary.cells[slice]![v]![row]![arm] ?? null;
          const published = summary.published === null ? [] : [field(summary.published[v]![row]![arm])];
          return [field(cell?.value), field(cell?.low), field(cell?.high), ...published];
        }),
      ];
    })
  );
  return [head, ...rows].map((fields) => fields.map(quoted).join(",")).join("\r\n") + "\r\n";
}

function field(value: number | null | undefined): string {
  return value === null || value === undefined ? "" : formatScore(value);
}

/**
 * Quotes a field. Names come from untrusted data, so one that a spreadsheet would evaluate as a formula is prefixed
 * with an apostrophe.
 */
function quoted(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replace(/"/g, '""')}"` : harmless;
}
