/**
 * The part of the cohort section on two label sets.
 *
 * @module
 */
import type { LabelSetPair } from "../../../eval/results/label_set_record.ts";
import { captionedTable, figureCaution, note, type ReportContext } from "../context.ts";
import type { Child } from "../markup/dom.ts";
import { formatCount } from "../markup/format.ts";
import { intervalCells } from "./interval_cells.ts";

/** Renders the agreement of two label sets beside the AUROC under both, for every method and view. */
export function labelSetsPart(ctx: ReportContext): Child {
  const { h, results: { data: { labelAgreement: agreement } }, summary } = ctx;
  if (agreement === undefined) {
    return note(h, "The test studies have labels of one set; --test-labels takes a second one.");
  }
  const { training, test, studies, subjects } = agreement;
  return [
    agreementTable(ctx, agreement),
    summary.views.map((view, v) => scoreTable(ctx, view, v)),
    figureCaution(ctx),
    h(
      "p",
      { class: "explanation" },
      `On the ${formatCount(studies)} test studies of ${formatCount(subjects)} patients that have both sets. Probes ` +
        `were trained on the ${training} labels. Kappa is Cohen's; sensitivity and specificity are those of the ${training} ` +
        `labels with the ${test} labels as the reference. Intervals are 95% intervals of a bootstrap over patients, ` +
        "averaged over runs; differences are paired.",
    ),
  ];
}

function agreementTable(
  ctx: ReportContext,
  { training, test, labels }: NonNullable<ReportContext["results"]["data"]["labelAgreement"]>,
): HTMLElement {
  const { h } = ctx;
  const number = (text: string) => h("th", { scope: "col", class: "number" }, text);
  const wide = (text: string) => h("th", { scope: "colgroup", class: "number", colspan: 2 }, text);
  return captionedTable(
    ctx,
    { caption: `Agreement of the ${training} labels with the ${test} labels.`, class: "subgroups" },
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        h("th", { scope: "col" }, "Label"),
        number(`Positive, ${training}`),
        number(`Positive, ${test}`),
        ["Kappa", "Sensitivity", "Specificity"].map(wide),
      ),
    ),
    h(
      "tbody",
      null,
      labels.map((label) =>
        h(
          "tr",
          null,
          h("th", { scope: "row" }, label.label),
          h("td", { class: "number" }, formatCount(label.trainingPositives)),
          h("td", { class: "number" }, formatCount(label.testPositives)),
          [label.kappa, label.sensitivity, label.specificity].map((interval) => intervalCells(ctx, [interval])),
        )
      ),
    ),
  );
}

function scoreTable(ctx: ReportContext, name: string, view: number): HTMLElement | null {
  const { h, summary, results: { data } } = ctx;
  const { training, test } = data.labelAgreement!;
  const arms = summary.arms.flatMap((arm, a) => {
    const runs = ctx.find({ slice: summary.primary, view, arm: a }).flatMap(({ labelSets }) => labelSets ?? []);
    return runs.length > 0 ? [{ arm: arm.name, runs }] : [];
  });
  if (arms.length === 0) return null;
  const rows = arms.flatMap(({ arm, runs }) => [
    ...runs[0]!.labels.map(({ label }, l) => ({ arm, label, pairs: runs.map(({ labels }) => labels[l]!) })),
    { arm, label: "Macro average", pairs: runs.map(({ macro }) => macro as LabelSetPair) },
  ]);
  return captionedTable(
    ctx,
    { caption: `AUROC under both label sets on the same studies, ${name} view.`, class: "subgroups" },
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        ["Method", "Label"].map((text) => h("th", { scope: "col" }, text)),
        [`AUROC, ${training}`, `AUROC, ${test}`, "Difference"].map((text) =>
          h("th", { scope: "colgroup", class: "number", colspan: 2 }, text)
        ),
      ),
    ),
    h(
      "tbody",
      null,
      rows.map(({ arm, label, pairs }) =>
        h(
          "tr",
          null,
          h("th", { scope: "row" }, arm),
          h("td", null, label),
          (["training", "test", "difference"] as const).map((set) =>
            intervalCells(ctx, pairs.map((pair) => pair[set]))
          ),
        )
      ),
    ),
  );
}
