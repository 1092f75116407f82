/**
 * The "Summary" section.
 *
 * @module
 */
import type { Child } from "../markup/dom.ts";
import { intervalTable } from "../charts/interval_table.ts";
import { caption, isTextView, note, type ReportContext, section, textCaution } from "../context.ts";
import { capitalise, formatCount, formatInterval, formatList, formatNumberOf, formatScore } from "../markup/format.ts";
import { probeName, sliceName } from "../figures/summary.ts";
import { bestOf } from "../figures/ties.ts";
import { isFloor } from "../figures/floors.ts";
import { methodName } from "../figures/palette.ts";
import { faults } from "../figures/faults.ts";

/** Most methods with their settings that the first sentence names. */
const MOST_NAMED = 12;

/** Renders what was trained on which data, the best macro AUROC of each view, and warnings. */
export function summarySection(ctx: ReportContext): HTMLElement {
  const { h, results } = ctx;
  const found = faults(results, ctx);
  return section(
    h,
    "summary",
    h("p", { class: "lead" }, leadSentence(ctx)),
    h(
      "p",
      { class: "notice", role: "note" },
      h("strong", null, "Not for clinical use."),
      " This report describes a research experiment. Nothing in it has been validated for diagnosis, triage or " +
        "treatment.",
    ),
    found.length === 0 ? null : h(
      "div",
      { class: "faults", role: "alert" },
      h("strong", null, found.length === 1 ? "Check this first" : "Check these first"),
      h("ul", null, found.map((text) => h("li", null, text))),
    ),
    results.evaluations.length === 0
      ? note(
        h,
        "No AUROC to report: the results contain no evaluation. Run deno task evaluate on the run, then make the " +
          "report again.",
      )
      : [h("div", { class: "headlines" }, headlineViews(ctx).map((view) => headline(ctx, view))), macroPlots(ctx)],
  );
}

function leadSentence(ctx: ReportContext): string {
  const { data } = ctx.results;
  const runs = ctx.results.runs.filter(({ method }) => !isFloor(method));
  const trained = ctx.summary.arms.filter((arm) => !isFloor(arm.method));
  const methods = [...new Set((trained.length > 0 ? trained : runs).map(({ method }) => methodName(method)))];
  const arms = trained.length === 0
    ? formatList(methods)
    : trained.length <= MOST_NAMED
    ? formatList(trained.map(({ name }) => name))
    : `${formatList(methods)} (${trained.length} methods and settings of them)`;
  const train = data.splits.find((split) => split.split === "train");
  const test = ctx.results.cases.find((cases) => cases.split === "test") ?? ctx.results.cases[0];
  const seeds = new Set(runs.map((run) => run.seed)).size;
  const material = train === undefined
    ? `the ${data.dataset} data set`
    : `${formatNumberOf(train.pairs, { one: "pair", many: "pairs" })} of views from ` +
      `${formatNumberOf(train.studies, { one: "study", many: "studies" })} of ` +
      `${formatNumberOf(train.subjects, { one: "patient", many: "patients" })} (${data.dataset}` +
      `${data.synthetic ? ", no real patients" : ""})`;
  const scored = test === undefined || ctx.results.evaluations.length === 0
    ? ""
    : ` Scored on ${formatNumberOf(test.studyIds.length, { one: "study", many: "studies" })} of ` +
      `${
        formatNumberOf(new Set(test.subjectIds).size, { one: "patient", many: "patients" })
      } of the ${test.split} split.`;
  // Embeddings from elsewhere are evaluated without images.
  const trainedOn = data.imageSize > 0
    ? `trained on ${material} at ${data.imageSize} × ${data.imageSize} pixels`
    : `embeddings, with probes trained on ${material}`;
  return `${arms}, ${trainedOn}, ` +
    `${formatNumberOf(runs.length, { one: "run", many: "runs" })} with ` +
    `${formatNumberOf(seeds, { one: "seed", many: "seeds" })}.${scored}`;
}

/**
 * The views that the summary shows: those of images, because labels are mined from texts; the texts only where there is
 * nothing else.
 */
function headlineViews(ctx: ReportContext): number[] {
  const all = ctx.summary.views.map((_, view) => view);
  const images = all.filter((view) => !isTextView(ctx, view) && hasScores(ctx, view));
  return images.length > 0 ? images : all;
}

/** Whether any evaluation is of a view. */
function hasScores(ctx: ReportContext, view: number): boolean {
  return ctx.results.evaluations.some((evaluation) => evaluation.view === ctx.summary.views[view]);
}

function headline(ctx: ReportContext, view: number): HTMLElement {
  const { h, summary } = ctx;
  const row = summary.cells[summary.primary]![view]!.at(-1)!;
  const best = bestOf(row);
  const name = capitalise(summary.views[view]!);
  if (best < 0) {
    return h("div", { class: "headline" }, h("h3", null, name), note(h, "No macro AUROC is defined for this view."));
  }
  const cell = row[best]!;
  const tied = row.flatMap((other, arm) => other?.mark === "tied" ? [summary.arms[arm]!.name] : []);
  return h(
    "div",
    { class: "headline" },
    h("h3", null, `${name} view`),
    isTextView(ctx, view) ? textCaution(h) : null,
    h("p", { class: "big", "data-value": cell.value }, formatScore(cell.value)),
    h(
      "p",
      { class: "details" },
      h("strong", null, `${summary.arms[best]!.name}`),
      ", macro AUROC, 95% interval ",
      h("span", { class: "nowrap" }, formatInterval(cell.low, cell.high)),
      cell.spread === null
        ? "."
        : `, mean of ${cell.each.length} runs (standard deviation ${formatScore(cell.spread)}).`,
      " ",
      macroLabels(ctx, { view, arm: best }),
      tied.length === 0 ? "" : ` Statistically tied: ${formatList(tied)}.`,
    ),
  );
}

function macroLabels(ctx: ReportContext, at: { view: number; arm: number }): string {
  const macro = ctx.find({ slice: ctx.summary.primary, ...at })[0]?.macro;
  if (macro === undefined) return "";
  const all = macro.labels.length + macro.excluded.length;
  if (macro.excluded.length === 0) return `Mean over all ${formatCount(all)} labels.`;
  return `Mean over ${macro.labels.length} of ${all} labels; without ${
    formatList(macro.excluded)
  } (only one class, or not fitted).`;
}

function macroPlots(ctx: ReportContext): Child {
  const { h, summary } = ctx;
  const slice = summary.slices[summary.primary]!;
  const probe = summary.arms.every((arm) => arm.supervised)
    ? probeName({ probe: "supervised", latents: "none" })
    : sliceName(slice);
  const label = ctx.number("Figure");
  return h(
    "figure",
    { class: "wide" },
    h(
      "div",
      { class: "columns" },
      headlineViews(ctx).map((v) =>
        intervalTable(h, {
          caption: `${capitalise(summary.views[v]!)} view`,
          head: "Method",
          axis: "Macro AUROC",
          columns: ["AUROC", "95% interval"],
          reference: null,
          range: summary.cells[summary.primary]!.flatMap((rows) =>
            rows.at(-1)!.flatMap((cell) => [cell?.low, cell?.high])
          ),
          rows: summary.arms.flatMap((arm, index) => {
            const cell = summary.cells[summary.primary]![v]!.at(-1)![index];
            return !cell ? [] : [{
              arm,
              index,
              name: arm.name,
              value: cell.value,
              low: cell.low,
              high: cell.high,
              cells: [formatScore(cell.value), formatInterval(cell.low, cell.high)],
              bold: cell.mark !== "",
            }];
          }),
        })
      ),
    ),
    h(
      "figcaption",
      null,
      caption(
        h,
        label,
        `Macro AUROC of every method (${probe}). Lines are 95% intervals of a bootstrap over patients`,
        ctx.results.runs.length > summary.arms.length ? ", averaged over runs; " : "; ",
        "bold marks the best method and those statistically tied with it.",
      ),
    ),
  );
}
