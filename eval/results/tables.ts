/**
 * Results as tables of text, for the terminal.
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
import type { Comparison, Evaluation, Interval, Results } from "./results_schema.ts";

/** Pads the cells of a table into columns, the first to the left and the others to the right. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) => column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))
      .join("  ").trimEnd()
  ).join("\n");
}

/** A share in percent with one decimal. */
function percent(value: number): string {
  return (value * 100).toFixed(1);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The mean over repetitions, their spread, and the mean of their intervals. */
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

/** The labels that all of some evaluations have an AUROC for. */
export function sharedLabels(evaluations: readonly Evaluation[], labels: readonly string[]): string[] {
  return labels.filter((label) => evaluations.every(({ macro }) => macro.labels.includes(label)));
}

/** An evaluation's mean over the shared labels; without interval where its own mean is over others. */
export function macroOver({ macro, metrics }: Evaluation, shared: readonly string[]): Interval {
  if (macro.labels.length === shared.length) return macro.auroc;
  const values = metrics.flatMap((m) => shared.includes(m.label) ? m.auroc.value ?? [] : []);
  return { value: values.length === 0 ? null : mean(values), low: null, high: null };
}

/** The row of accuracies, where labels exclude each other. */
function accuracyRow(groups: readonly (readonly Evaluation[])[]): string[][] {
  const cells = groups.map((evaluations) => evaluations.flatMap(({ accuracy }) => accuracy ?? []));
  return cells.every((cell) => cell.length === 0) ? [] : [["accuracy", ...cells.map(formatCell)]];
}

function formatStratum(
  stratum: Stratum,
  { labels, published }: { labels: readonly string[]; published: readonly PublishedAuroc[] },
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
      // Their mean is over all labels; beside a mean over fewer it would mislead.
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
  const note = left.length === 0 ? "" : `\nleft out of the macro average (one class only): ${left.join(", ")}`;
  return `AUROC, ${stratumText(stratum)}\n${alignColumns(rows)}${note}`;
}

/**
 * A table of AUROCs in percent for each view, probe, labelled fraction and setting: labels by methods, with the 95 % interval
 * for the choice of patients. Where a method has several seeds: their mean, their standard deviation, and the mean of their
 * intervals. The macro average is over the labels that all methods have; those left out are named. Where labels exclude each other
 * (digits), a last row has the accuracy.
 *
 * @param options.by What the columns are, as `chooseGrouping` says unless given.
 * @param options.published Published numbers, shown in parentheses where view, label and method match.
 * @throws DataError where the results have different labels.
 */
export function formatAurocTable(
  results: Results | readonly Results[],
  { by, published = [] }: { by?: GroupBy | undefined; published?: readonly PublishedAuroc[] } = {},
): string {
  const files = "schema" in results ? [results] : results;
  const labels = commonLabels(files);
  // Numbers published for other labels say nothing about these.
  const relevant = labels.some((label) => published.some((p) => p.label === label)) ? published : [];
  const strata = groupEvaluations(files, { by: by ?? chooseGrouping(files) });
  if (strata.length === 0) return "No evaluations.";
  const repeated = strata.some(({ groups }) => groups.values().some((entries) => entries.length > 1));
  const legend = [
    "in percent",
    repeated ? " ± standard deviation over seeds" : "",
    " [95 % interval for the choice of patients]",
    relevant.length > 0 ? " (published)" : "",
  ];
  const blocks = strata.map((stratum) => formatStratum(stratum, { labels, published: relevant }));
  return [...blocks, legend.join("")].join("\n\n");
}

/** A p-value to three decimals. */
function formatP(p: number | null): string {
  return p === null ? "n/a" : p < 0.001 ? "<0.001" : p.toFixed(3);
}

/** A difference in percentage points, signed. */
function formatDifference({ value, low, high }: Interval): string {
  if (value === null) return "n/a";
  const signed = (x: number) => `${x < 0 ? "-" : "+"}${percent(Math.abs(x))}`;
  return low === null || high === null ? signed(value) : `${signed(value)} [${signed(low)}, ${signed(high)}]`;
}

/**
 * A table of differences of AUROC in percentage points, with 95 % intervals and p-values before and after Holm's correction
 * over the labels. A star marks p below 0.05 after correction.
 *
 * @param options.perLabel Whether to show every label; only the macro averages unless given.
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
    const head = ["difference of AUROC", "label", "points [95 %]", "p", "p (Holm)  "];
    const note = block.some(({ test }) => test === "delong") ? "; labels by DeLong's test" : "";
    return `${name}${note}\n${alignColumns([head, ...rows])}`;
  }).join("\n\n");
}
