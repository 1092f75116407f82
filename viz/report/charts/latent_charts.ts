/**
 * Scatter plots of a run's latents. The client script draws them again when the reader picks another run or label.
 *
 * @module
 */
import type { Builder } from "../markup/dom.ts";
import { capitalise } from "../markup/format.ts";
import type { Latents } from "../figures/latents.ts";
import { methodName } from "../figures/palette.ts";
import { scatterPlot } from "./scatter.ts";

/** Selects colouring by all labels at once; only for data sets with exactly one label per case. */
export const EVERY_LABEL = -1;

/** Draws the projections of a run, each with a heading, coloured by one label or by {@linkcode EVERY_LABEL}. */
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
