/**
 * Figures of the page's results: pictures with captions, latents as bars, scores as a table.
 *
 * @module
 */
import type { Builder } from "../../viz/report/markup/dom.ts";
import { averageProbabilities, probabilitiesOf } from "../stored/probabilities.ts";
import type { CombinedScores, LabelMeasures, ViewProbes } from "../stored/page_model.ts";
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

/** Width of a dimension's bar: less where there are many. */
const WIDEST_ROW = 16;
const NARROWEST_ROW = 2;
const CHART_WIDTH = 2048;
const CHART_HEIGHT = 120;
/** Radius of the largest dots. */
const DOT = 3;

/**
 * A latent as one bar for each dimension, from mean - sd to mean + sd, and its numbers in a table; features as a point
 * each.
 */
export function latentChart(h: Builder, { mu, logvar }: Latent, view: string): HTMLElement {
  const means = [...mu];
  const sds = logvar && Array.from(logvar, (value) => Math.exp(value / 2));
  const sd = (i: number) => sds?.[i] ?? 0;
  const reach = Math.max(sds ? 1 : 1e-6, ...means.map((mean, i) => Math.abs(mean) + sd(i)));
  const row = Math.max(NARROWEST_ROW, Math.min(WIDEST_ROW, CHART_WIDTH / mu.length));
  const y = (value: number) => CHART_HEIGHT / 2 * (1 - (1 - 2 * DOT / CHART_HEIGHT) * value / reach);
  const bars = means.map((mean, i) => {
    const x = (i + 0.5) * row;
    return [
      sds ? h.svg("line", { x1: x, x2: x, y1: y(mean - sd(i)), y2: y(mean + sd(i)), class: "spread" }) : null,
      h.svg("circle", { cx: x, cy: y(mean), r: Math.min(DOT, row / 2), class: "mean" }),
    ];
  });
  const width = mu.length * row;
  const name = sds
    ? `Latent of the ${view} view: mean and standard deviation of ${mu.length} dimensions`
    : `Features of the ${view} view: ${mu.length} numbers`;
  const numbers = sds ? `Numbers of the ${view} latent` : `Numbers of the ${view} features`;
  const columns = ["dimension", ...(sds ? ["mean", "sd"] : ["value"])];
  return h(
    "div",
    { class: "latent" },
    h(
      "figure",
      null,
      h("figcaption", null, `${name}; the line is 0, and the height from -${reach.toFixed(1)} to ${reach.toFixed(1)}`),
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
    ),
    h(
      "details",
      null,
      h("summary", null, numbers),
      h(
        "div",
        { class: "scroll", role: "region", tabindex: 0, "aria-label": numbers },
        h(
          "table",
          { class: "plain numbers", "data-latent": view },
          h("thead", null, h("tr", null, columns.map((text) => h("th", { scope: "col" }, text)))),
          h(
            "tbody",
            null,
            means.map((mean, i) =>
              h(
                "tr",
                null,
                h("th", { scope: "row" }, i),
                h("td", null, mean.toPrecision(8)),
                sds ? h("td", null, sd(i).toPrecision(8)) : null,
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
  const { view, labels } = probes;
  return tableOf(h, `Probabilities by the ${view} view`, { view, labels, probabilities: probabilitiesOf(probes, mu) });
}

/** The average of the probabilities of the views that were given. */
export function combinedTable(
  h: Builder,
  { name, labels }: CombinedScores,
  { probes, latents }: { probes: readonly ViewProbes[]; latents: ReadonlyMap<string, Latent> },
): HTMLElement {
  const each = probes.flatMap((own) => {
    const latent = latents.get(own.view);
    return latent ? [probabilitiesOf(own, latent.mu)] : [];
  });
  const title = `The model's probabilities: the average over ${each.length === 1 ? "the view" : "the views"} given`;
  return tableOf(h, title, { view: name, labels, probabilities: averageProbabilities(each) });
}

function tableOf(
  h: Builder,
  name: string,
  scores: { view: string; labels: readonly LabelMeasures[]; probabilities: readonly (number | null)[] },
): HTMLElement {
  const { view, labels, probabilities } = scores;
  return h(
    "div",
    { class: "scroll", role: "region", tabindex: 0, "aria-label": name },
    h(
      "table",
      { class: "plain scores", "data-scores": view },
      h("caption", null, name),
      h("thead", null, h("tr", null, COLUMNS.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", null, labels.map((label, i) => scoreRow(h, label, probabilities[i] ?? null))),
    ),
  );
}

function scoreRow(h: Builder, { label, threshold, auroc, reliability }: LabelMeasures, p: number | null): HTMLElement {
  if (p === null) {
    const why = "not learned: the training studies have one class only";
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
