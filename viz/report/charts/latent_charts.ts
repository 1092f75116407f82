import type { Builder } from "../markup/dom.ts";
import { capitalise } from "../markup/format.ts";
import type { Latents } from "../figures/latents.ts";
import { methodName } from "../figures/palette.ts";
import { scatterPlot } from "./scatter.ts";

/** Stands for all labels at once, where every case has exactly one. */
export const EVERY_LABEL = -1;

/** The projections of a run, one chart each with its heading, coloured by a label or by {@linkcode EVERY_LABEL}. */
export function latentCharts(
  h: Builder,
  latents: Latents,
  at: { run: string; label: number; labels: readonly string[] },
): HTMLElement[] {
  return latents.projections.flatMap((projection, index) => {
    if (projection.run !== at.run) return [];
    const named = at.labels.map((name, l) => ({ name, states: latents.states[projection.cases]![l] ?? "" }));
    return [h(
      "div",
      { class: "chart-block", "data-projection": index },
      h(
        "h4",
        null,
        `${capitalise(projection.view)}, ${projection.kind.toUpperCase()}, ${methodName(projection.method)}`,
      ),
      scatterPlot(h, projection, at.label === EVERY_LABEL ? named : [named[at.label]!]),
    )];
  });
}
