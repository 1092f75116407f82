/**
 * Formats results as text tables for the terminal.
 *
 * @module
 */
import {
  chooseGrouping,
  commonLabels,
  type GroupBy,
  groupEvaluations,
  type Stratum,
  stratumText,
} from "./evaluation_groups.ts";
import type { PublishedAuroc } from "./published_auroc.ts";
import type { Comparison, Evaluation, Interval, Results } from "./results.ts";

/** Pads cells into columns, the first one left-aligned and the others right-aligned. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) => column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))
      .join("  ").trimEnd()
  ).join("\n");
}

/** Formats a fraction as a percentage with one decimal. */
function percent(value: number): string {
  return (value * 100).toFixed(1);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Formats the mean over repetitions, their standard deviation, and the mean of their intervals. */
export function formatCell(intervals: readonly Interval[]): string {
  const values = intervals.flatMap(({ value }) => value ?? []);
  if (values.length === 0 || values.length < intervals.length) return "n/a";
  const centre = mean(values);
  const parts = [percent(centre)];
  if (values.length > 1) {
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
    parts.push(`±${percent(spread)}`);
  }
  const lows = intervals.flatMap(({ low }) => low ?? []);
  const highs = intervals.flatMap(({ high }) => high ?? []);
  if (lows.length === values.length && highs.length === values.length) {
    parts.push(`[${percent(mean(lows))}, ${percent(mean(highs))}]`);
  }
  return parts.join(" ");
}

/** What must stand beside every AUROC of a view of texts. */
export const TEXT_CAUTION: string =
  "the labels were mined from the text itself: this AUROC shows how much of the text " +
  "its latent keeps, not how well it diagnoses";

/** The labels for which all of the evaluations have an AUROC. */
export function sharedLabels(evaluations: readonly Evaluation[], labels: readonly string[]): string[] {
  return labels.filter((label) => evaluations.every(({ macro }) => macro.labels.includes(label)));
}

/** An evaluation's mean over the shared labels; without an interval unless these are its own macro average's labels. */
export function macroOver({ macro, metrics }: Evaluation, shared: readonly string[]): Interval {
  if (macro.labels.length === shared.length) return macro.auroc;
  const values = metrics.flatMap((m) => shared.includes(m.label) ? m.auroc.value ?? [] : []);
  return { value: values.length === 0 ? null : mean(values), low: null, high: null };
}

/** The accuracy row, for mutually exclusive labels. */
function accuracyRow(groups: readonly (readonly Evaluation[])[]): string[][] {
  const cells = groups.map((evaluations) => evaluations.flatMap(({ accuracy }) => accuracy ?? []));
  return cells.every((cell) => cell.length === 0) ? [] : [["accuracy", ...cells.map(formatCell)]];
}

function formatStratum(
  stratum: Stratum,
  { labels, published, textViews }: {
    labels: readonly string[];
    published: readonly PublishedAuroc[];
    textViews: ReadonlySet<string>;
  },
): string {
  const groups = [...stratum.groups].map(([name, entries]) => ({
    name,
    evaluations: entries.map(({ evaluation }) => evaluation),
  }));
  const shared = sharedLabels(groups.flatMap(({ evaluations }) => evaluations), labels);
  const row = (label: string | null) =>
    groups.map(({ name, evaluations }) => {
      const cell = formatCell(
        evaluations.map((evaluation) =>
          label === null ? macroOver(evaluation, shared) : evaluation.metrics.find((m) => m.label === label)!.auroc
        ),
      );
      const theirs = published.find((p) => p.view === stratum.view && p.label === label && p.method === name);
      // The published mean is over all labels and would mislead next to a mean over fewer.
      const comparable = theirs !== undefined && (label !== null || shared.length === labels.length);
      return comparable ? `${cell} (${percent(theirs.auroc)})` : cell;
    });
  const left = labels.filter((label) => !shared.includes(label));
  const rows = [
    ["", ...groups.map(({ name }) => name)],
    ...labels.map((label) => [label, ...row(label)]),
    [`macro over ${shared.length} of ${labels.length}`, ...row(null)],
    ...accuracyRow(groups.map(({ evaluations }) => evaluations)),
  ];
  const note = left.length === 0 ? "" : `\nexcluded from the macro average (only one class): ${left.join(", ")}`;
  const caution = textViews.has(stratum.view) ? `\n${TEXT_CAUTION}` : "";
  return `AUROC, ${stratumText(stratum)}\n${alignColumns(rows)}${note}${caution}`;
}

/**
 * Formats a table of AUROCs in percent, labels by methods, for each view, probe, labelled fraction and setting, with
 * 95% intervals of a patient-level bootstrap. Methods with several seeds show the mean, the standard deviation, and the
 * mean of the intervals. The macro average is over the labels that all methods have; the others are listed. For
 * mutually exclusive labels (digits), the last row shows accuracy.
 *
 * @param options.by What the columns compare; chosen by `chooseGrouping` by default.
 * @param options.published Published numbers, shown in parentheses if view, label and method match.
 * @throws DataError if the results have different labels.
 */
export function formatAurocTable(
  results: Results | readonly Results[],
  { by, published = [] }: { by?: GroupBy | undefined; published?: readonly PublishedAuroc[] } = {},
): string {
  const files = "schema" in results ? [results] : results;
  const labels = commonLabels(files);
  // Published numbers for other labels are not comparable.
  const relevant = labels.some((label) => published.some((p) => p.label === label)) ? published : [];
  const strata = groupEvaluations(files, { by: by ?? chooseGrouping(files) });
  if (strata.length === 0) return "No evaluations.";
  const repeated = strata.some(({ groups }) => groups.values().some((entries) => entries.length > 1));
  const textViews = new Set(files.flatMap(({ data }) => data.textView?.view ?? []));
  const legend = [
    "in percent",
    repeated ? " ± standard deviation over seeds" : "",
    " [95% interval of a bootstrap over patients]",
    relevant.length > 0 ? " (published)" : "",
  ];
  const blocks = strata.map((stratum) => formatStratum(stratum, { labels, published: relevant, textViews }));
  return [...blocks, legend.join("")].join("\n\n");
}

/** Formats a p-value with three decimals. */
function formatP(p: number | null): string {
  return p === null ? "n/a" : p < 0.001 ? "<0.001" : p.toFixed(3);
}

/** Formats a signed difference in percentage points. */
function formatDifference({ value, low, high }: Interval): string {
  if (value === null) return "n/a";
  const signed = (x: number) => `${x < 0 ? "-" : "+"}${percent(Math.abs(x))}`;
  return low === null || high === null ? signed(value) : `${signed(value)} [${signed(low)}, ${signed(high)}]`;
}

/**
 * Formats a table of AUROC differences in percentage points, with 95% intervals and p-values before and after Holm's
 * correction. A star marks corrected p-values below 0.05.
 *
 * @param options.perLabel Whether to show every label; by default only macro averages are shown.
 */
export function formatComparisonTable(
  comparisons: readonly Comparison[],
  { perLabel = false }: { perLabel?: boolean } = {},
): string {
  const shown = comparisons.filter(({ label }) => perLabel || label === null);
  if (shown.length === 0) return "Nothing to compare.";
  const blocks = Map.groupBy(shown, stratumText);
  return [...blocks].map(([name, block]) => {
    const rows = block.map(({ label, baseline, method, difference, p, pHolm }) => [
      `${method} - ${baseline}`,
      label ?? "macro",
      formatDifference(difference),
      formatP(p),
      `${formatP(pHolm)}${pHolm !== null && pHolm < 0.05 ? " *" : "  "}`,
    ]);
    const head = ["difference of AUROC", "label", "points [95%]", "p", "p (Holm)  "];
    const note = block.some(({ test }) => test === "delong") ? "; labels by DeLong's test" : "";
    return `${name}${note}\n${alignColumns([head, ...rows])}`;
  }).join("\n\n");
}
