/**
 * Figures of the page's results: pictures with captions, latents as bars, scores as a table.
 *
 * @module
 */
import type { Builder } from "../../viz/report/markup/dom.ts";
import { probabilitiesOf } from "../stored/probabilities.ts";
import type { LabelProbe, ViewProbes } from "../stored/page_model.ts";
import { paint, pictureCanvas } from "./canvas.ts";
import type { Decoded, Latent } from "./loaded_model.ts";

/** A picture or a text with its caption. */
export function shownView(
  h: Builder,
  content: Decoded | Uint8Array,
  { side, caption }: { side: number; caption: string },
): HTMLElement {
  if (typeof content === "string") {
    return h("figure", { class: "shown words" }, h("blockquote", null, content), h("figcaption", null, caption));
  }
  const canvas = pictureCanvas(h, { side, label: caption });
  paint(canvas, content);
  return h("figure", { class: "shown" }, canvas, h("figcaption", null, caption));
}

const ROW = 8;
const CHART_HEIGHT = 120;

/** A latent as one bar for each dimension, from mean - sd to mean + sd, and its numbers in a table. */
export function latentChart(h: Builder, { mu, logvar }: Latent, view: string): HTMLElement {
  const sds = Array.from(logvar, (value) => Math.exp(value / 2));
  const reach = Math.max(1, ...sds.map((sd, i) => Math.abs(mu[i]!) + sd));
  const y = (value: number) => CHART_HEIGHT / 2 * (1 - value / reach);
  const bars = sds.map((sd, i) => {
    const x = (i + 0.5) * ROW;
    return [
      h.svg("line", { x1: x, x2: x, y1: y(mu[i]! - sd), y2: y(mu[i]! + sd), class: "spread" }),
      h.svg("circle", { cx: x, cy: y(mu[i]!), r: 2.5, class: "mean" }),
    ];
  });
  const width = mu.length * ROW;
  const name = `Latent of the ${view} view: mean and standard deviation of ${mu.length} dimensions`;
  return h(
    "div",
    { class: "latent" },
    h(
      "div",
      { class: "scroll", role: "region", tabindex: 0, "aria-label": name },
      h.svg(
        "svg",
        { viewBox: `0 0 ${width} ${CHART_HEIGHT}`, width, height: CHART_HEIGHT, "aria-hidden": "true" },
        h.svg("line", { x1: 0, x2: width, y1: y(0), y2: y(0), class: "zero" }),
        bars,
      ),
    ),
    h(
      "details",
      null,
      h("summary", null, `Numbers of the ${view} latent`),
      h(
        "div",
        { class: "scroll", role: "region", tabindex: 0, "aria-label": `Numbers of the ${view} latent` },
        h(
          "table",
          { class: "plain numbers", "data-latent": view },
          h("thead", null, h("tr", null, ["dimension", "mean", "sd"].map((text) => h("th", { scope: "col" }, text)))),
          h(
            "tbody",
            null,
            sds.map((sd, i) =>
              h(
                "tr",
                null,
                h("th", { scope: "row" }, i),
                h("td", null, mu[i]!.toPrecision(8)),
                h("td", null, sd.toPrecision(8)),
              )
            ),
          ),
        ),
      ),
    ),
  );
}

const COLUMNS = ["Finding", "Probability", "Threshold", "Reading", "AUROC on test", "Test studies scored alike"];

/** The probes' probabilities, with thresholds and calibration. */
export function scoreTable(h: Builder, probes: ViewProbes, { mu }: Latent): HTMLElement {
  const probabilities = probabilitiesOf(probes, mu);
  const name = `Probabilities by the ${probes.view} view`;
  return h(
    "div",
    { class: "scroll", role: "region", tabindex: 0, "aria-label": name },
    h(
      "table",
      { class: "plain scores", "data-scores": probes.view },
      h("caption", null, name),
      h("thead", null, h("tr", null, COLUMNS.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", null, probes.labels.map((label, i) => scoreRow(h, label, probabilities[i]!))),
    ),
  );
}

function scoreRow(h: Builder, { label, threshold, auroc, reliability }: LabelProbe, p: number | null): HTMLElement {
  if (p === null) {
    const why = "no probe: the training studies have one class only";
    return h("tr", null, h("th", { scope: "row" }, label), h("td", { colspan: COLUMNS.length - 1 }, why));
  }
  const tenth = Math.min(9, Math.floor(p * 10));
  const bin = reliability.find(({ predicted }) => Math.min(9, Math.floor(predicted * 10)) === tenth);
  const range = `${tenth / 10} to ${(tenth + 1) / 10}`;
  return h(
    "tr",
    null,
    h("th", { scope: "row" }, label),
    h(
      "td",
      { "data-probability": p },
      h("meter", { min: 0, max: 1, value: p, "aria-label": `${label}: probability` }),
      ` ${p.toFixed(3)}`,
    ),
    h("td", null, threshold?.toFixed(3) ?? "none"),
    h("td", null, threshold === null ? "no threshold" : p >= threshold ? h("strong", null, "above") : "below"),
    h("td", null, auroc?.toFixed(3) ?? "undefined"),
    h("td", null, bin ? `${(100 * bin.observed).toFixed(0)} % of ${bin.count} have it (${range})` : `none (${range})`),
  );
}
