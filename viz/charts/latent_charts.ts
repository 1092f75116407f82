import type { Builder } from "../dom.ts";
import { capitalise } from "../format.ts";
import type { Latents } from "../latents.ts";
import { methodName } from "../palette.ts";
import { type ScatterData, scatterPlot } from "./scatter.ts";

/** One chart a projection, with its heading. */
export function latentCharts(
  h: Builder,
  latents: Latents,
  at: { shown: readonly ScatterData[]; label: number; labelName: string },
): HTMLElement[] {
  return at.shown.map((projection) =>
    h(
      "div",
      { class: "chart-block", "data-projection": latents.projections.indexOf(projection) },
      h(
        "h4",
        null,
        `${capitalise(projection.view)}, ${projection.kind.toUpperCase()}, ${methodName(projection.method)}`,
      ),
      scatterPlot(h, projection, { states: latents.states[projection.cases]![at.label] ?? "", label: at.labelName }),
    )
  );
}
