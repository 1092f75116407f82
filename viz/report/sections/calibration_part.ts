/**
 * The calibration part of the section on curves.
 *
 * @module
 */
import type { LabelCalibration } from "../../../eval/results/results.ts";
import { captionedTable, note, type ReportContext } from "../context.ts";
import type { Child } from "../markup/dom.ts";
import { formatScore, MISSING } from "../markup/format.ts";
import { sliceName } from "../figures/summary.ts";

/** Renders the expected calibration error before and after temperature scaling, by label and view. */
export function calibrationPart(ctx: ReportContext): Child {
  const { h, summary } = ctx;
  const tables = summary.views.flatMap((_, view) => calibrationTable(ctx, view) ?? []);
  if (tables.length === 0) {
    return note(h, "No calibration: these results are from before it was measured. Evaluate the run again.");
  }
  return [
    tables,
    h(
      "p",
      { class: "explanation" },
      "Expected calibration error over 15 bins with equal numbers of test studies: of the scores as they are → of " +
        "the scores at the temperature T that maximises the likelihood of the validation studies (Guo et al., 2017), " +
        "averaged over runs. Temperature scaling changes no AUROC. The error is biased upwards for few studies. " +
        "n/a: no validation study of one of the classes, or no classifier could be fitted.",
    ),
  ];
}

function calibrationTable(ctx: ReportContext, view: number): HTMLElement | null {
  const { h, summary } = ctx;
  const arms = summary.arms.flatMap((arm, index) => {
    const evaluations = ctx.find({ slice: summary.primary, view, arm: index });
    const byLabel = summary.labels.map((label) =>
      evaluations.flatMap(({ metrics }) => metrics.find((m) => m.label === label)?.calibration ?? [])
    );
    return byLabel.some((found) => found.length > 0) ? [{ arm, byLabel }] : [];
  });
  if (arms.length === 0) return null;
  const row = (name: string, cells: readonly string[]) =>
    h("tr", null, h("th", { scope: "row" }, name), cells.map((cell) => h("td", { class: "number" }, cell)));
  return captionedTable(
    ctx,
    {
      caption: `Expected calibration error before and after temperature scaling, ${summary.views[view]} view: ` +
        `${sliceName(summary.slices[summary.primary]!)}.`,
    },
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        h("th", { scope: "col" }, "Label"),
        arms.map(({ arm }) => h("th", { scope: "col", class: "number" }, arm.name)),
      ),
    ),
    h("tbody", null, summary.labels.map((label, l) => row(label, arms.map(({ byLabel }) => cellText(byLabel[l]!))))),
    h("tfoot", null, row("Mean", arms.map(({ byLabel }) => meanText(byLabel.flat())))),
  );
}

/** The mean errors of repeated runs, and the temperature. */
function cellText(runs: readonly LabelCalibration[]): string {
  const temperature = mean(runs.map((run) => run.temperature));
  return temperature === null ? errors(runs) : `${errors(runs)} (T ${temperature.toFixed(2)})`;
}

/** The mean over the labels that have an error before and after. */
function meanText(all: readonly LabelCalibration[]): string {
  return errors(all.filter(({ error, scaled }) => error !== null && scaled !== null && scaled.error !== null));
}

function errors(runs: readonly LabelCalibration[]): string {
  const before = mean(runs.map(({ error }) => error));
  if (before === null) return MISSING;
  return `${formatScore(before)} → ${formatScore(mean(runs.map(({ scaled }) => scaled && scaled.error)))}`;
}

/** The mean, or `null` if a value is missing or there is none. */
function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 || known.length < values.length ? null : known.reduce((a, b) => a + b, 0) / known.length;
}
