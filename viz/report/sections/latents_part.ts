/**
 * The latents part of the "Pictures and latents" section.
 *
 * @module
 */
import { EVERY_LABEL, latentCharts } from "../charts/latent_charts.ts";
import { caption, figureCaution, note, type ReportContext } from "../context.ts";
import type { Child } from "../markup/dom.ts";
import { areExclusive } from "../figures/latents.ts";

/** Renders two-dimensional projections of the test latents, coloured by label. */
export function latentsPart(ctx: ReportContext): Child {
  const { h, results, latents } = ctx;
  if (latents.projections.length === 0) return note(h, "The results contain no projections of latents.");
  const { labels } = results.data;
  if (labels.length === 0) return note(h, "Projections are omitted because there are no labels to colour them by.");
  const exclusive = latents.states.every(areExclusive);
  const label = exclusive ? EVERY_LABEL : defaultLabel(ctx);
  const run = latents.projections[0]!.run;
  return [
    controls(ctx, { exclusive, label }),
    figureCaution(ctx),
    h(
      "figure",
      { class: "wide" },
      h("div", { class: "columns four", id: "latents" }, latentCharts(h, latents, { run, label, labels })),
      h("figcaption", null, caption(h, ctx.number("Figure"), captionText(ctx))),
    ),
  ];
}

function controls(ctx: ReportContext, chosen: { exclusive: boolean; label: number }): HTMLElement {
  const { h, latents, results } = ctx;
  const runs = [...new Set(latents.projections.map((projection) => projection.run))];
  const option = (value: number, name: string) => h("option", { value, selected: value === chosen.label }, name);
  return h(
    "div",
    { class: "controls script" },
    runs.length < 2 ? null : h(
      "label",
      null,
      "Run ",
      h("select", { id: "latents-run" }, runs.map((run) => h("option", { value: run }, run))),
    ),
    h(
      "label",
      null,
      "Colour by ",
      h(
        "select",
        { id: "latents-label" },
        chosen.exclusive ? option(EVERY_LABEL, "Every label") : null,
        results.data.labels.map((name, l) => option(l, name)),
      ),
    ),
  );
}

function captionText({ latents, results }: ReportContext): string {
  const points = latents.projections[0]!.x.length;
  const studies = results.cases[0]?.studyIds.length ?? points;
  const left = new Set(results.projections.map((p) => p.run)).size -
    new Set(latents.projections.map((p) => p.run)).size;
  const coloring = latents.states.every(areExclusive)
    ? "coloured by label, with each label's name at the median of its studies"
    : "those with the selected finding " +
      "coloured and drawn on top";
  const split = results.cases[0]?.split ?? "test";
  return `Projections of the latents of the ${split} studies, ${coloring}` +
    (points < studies ? ` (${points} of ${studies} studies, evenly sampled)` : "") +
    ". PCA: the first two principal components with their share of the variance; distances in a UMAP are not to " +
    "scale." +
    (left > 0 ? ` Projections of ${left} more runs are omitted to keep this file small.` : "");
}

/** The label with the highest AUROC in the first view, for which structure is most likely to be visible. */
function defaultLabel(ctx: ReportContext): number {
  const rows = ctx.summary.cells[ctx.summary.primary]?.[0] ?? [];
  const best = ctx.results.data.labels.map((_, l) => Math.max(0, ...(rows[l] ?? []).map((cell) => cell?.value ?? 0)));
  return best.indexOf(Math.max(...best));
}
