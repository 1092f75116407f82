/**
 * The paired-differences part of the comparison section.
 *
 * @module
 */
import { forestPlot } from "../charts/forest_plot.ts";
import {
  baselines,
  basesOf,
  basisOf,
  comparedName,
  type ComparisonRow,
  defaultBaseline,
} from "../figures/comparisons.ts";
import { caption, figureCaution, note, type ReportContext } from "../context.ts";
import type { Child } from "../markup/dom.ts";
import { capitalise, formatPercent } from "../markup/format.ts";
import { rowSelect } from "./row_select.ts";

/** Renders the AUROC differences of all methods to a selectable baseline. */
export function forestPart(ctx: ReportContext): Child {
  const { h, summary, comparisons } = ctx;
  const baseline = defaultBaseline(comparisons);
  if (baseline === null) {
    return note(
      h,
      "The results contain no paired comparisons. Run deno task compare or an experiment to compute them.",
    );
  }
  const bases = basesOf(comparisons, summary.slices[summary.primary]!);
  const basis = basisOf(bases[0]!);
  return [
    controls(ctx, { baseline, bases }),
    figureCaution(ctx),
    h(
      "figure",
      { class: "wide", id: "forest", "data-basis": basis },
      h(
        "div",
        { class: "columns broad" },
        summary.views.map((view, v) => {
          const data = { comparisons, arms: summary.arms, caption: `${capitalise(view)} view` };
          const plot = forestPlot(h, data, { view, label: null, basis, baseline });
          return h(
            "div",
            {
              class: "scroll",
              role: "region",
              tabindex: "0",
              "aria-label": `Differences, ${view} view`,
              "data-forest": v,
            },
            plot ?? note(h, `The results contain no comparison for the ${view} view.`),
          );
        }),
      ),
      h(
        "figcaption",
        null,
        caption(
          h,
          ctx.number("Figure"),
          "Difference in AUROC to the baseline (positive: the method is better) with 95% intervals of a paired " +
            "bootstrap over " +
            "patients. p (Holm) is corrected for the number of labels or, for the macro average, the number of methods compared.",
        ),
      ),
    ),
  ];
}

function controls(ctx: ReportContext, options: { baseline: string; bases: readonly ComparisonRow[] }): HTMLElement {
  const { h, summary, comparisons } = ctx;
  const names = baselines(comparisons);
  return h(
    "div",
    { class: "controls script" },
    h(
      "label",
      null,
      "Baseline ",
      h(
        "select",
        { id: "forest-baseline" },
        names.map((name) =>
          h("option", { value: name, selected: name === options.baseline }, comparedName(summary.arms, name))
        ),
      ),
    ),
    rowSelect(ctx, "forest-row"),
    options.bases.length < 2 ? null : h(
      "label",
      null,
      "Classifier and labels ",
      h(
        "select",
        { id: "forest-basis" },
        options.bases.map((row) => h("option", { value: basisOf(row) }, basisText(row))),
      ),
    ),
  );
}

function basisText(row: ComparisonRow): string {
  const latents = row.latents === null || row.latents === "none" ? "" : ` on ${row.latents} latents`;
  const setting = row.setting === "" ? "" : `, ${row.setting}`;
  return `${capitalise(row.probe.replace("-", " "))}${latents}${setting}, ${formatPercent(row.fraction)}`;
}
