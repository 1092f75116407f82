import { caption, note, type ReportContext } from "../context.ts";
import { latentCharts } from "../charts/latent_charts.ts";
import type { Child } from "../dom.ts";
import type { Latents } from "../latents.ts";

/** The test latents in the plane, coloured by a label. */
export function latentsPart(ctx: ReportContext): Child {
  const { h, results, latents } = ctx;
  if (latents.projections.length === 0) return note(h, "There is no projection of latents: the results hold none.");
  const label = defaultLabel(ctx, latents);
  const runs = [...new Set(latents.projections.map((projection) => projection.run))];
  const shown = latents.projections.filter((projection) => projection.run === runs[0]);
  return [
    h(
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
          results.data.labels.map((name, l) => h("option", { value: l, selected: l === label }, name)),
        ),
      ),
    ),
    h(
      "figure",
      { class: "wide" },
      h(
        "div",
        { class: "columns four", id: "latents" },
        latentCharts(ctx.h, latents, { shown, label, labelName: results.data.labels[label]! }),
      ),
      h(
        "figcaption",
        null,
        caption(h, ctx.number("Figure"), latentsCaption(latents, results.cases[0]?.studyIds.length ?? 0)),
      ),
    ),
  ];
}

function latentsCaption(latents: Latents, total: number): string {
  const points = latents.projections[0]!.x.length;
  return "Latents of the test studies in the plane; studies with the chosen finding are drawn in colour above the others" +
    (points < total ? ` (${points} of ${total} studies, evenly chosen)` : "") +
    ". PCA: the two principal components with their share of the variance; distances in a UMAP are not to scale.";
}

/** The label that the best method separates best in the first view: where structure can be expected to show. */
function defaultLabel(ctx: ReportContext, latents: Latents): number {
  const rows = ctx.summary.cells[ctx.summary.primary]?.[0] ?? [];
  const best = ctx.results.data.labels.map((_, l) => Math.max(0, ...(rows[l] ?? []).map((cell) => cell?.value ?? 0)));
  const top = best.indexOf(Math.max(...best));
  return latents.states[0]?.[top] === undefined ? 0 : top;
}
