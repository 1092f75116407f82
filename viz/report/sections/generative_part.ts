/**
 * The part of the pictures section on what runs generate.
 *
 * @module
 */
import type {
  CoherenceRecord,
  DistanceRecord,
  Generative,
  MeanRecord,
} from "../../../eval/results/generative_record.ts";
import { captionedTable, figure, note, type ReportContext } from "../context.ts";
import type { Child } from "../markup/dom.ts";
import { capitalise, formatCount, formatInterval, formatNumberOf, formatScore, MISSING } from "../markup/format.ts";
import { methodName } from "../figures/palette.ts";
import { isPng, picture } from "../markup/picture.ts";

/** Where images come from, in words. */
const SOURCES: Readonly<Record<DistanceRecord["source"], string>> = {
  real: "True images",
  reconstruction: "Reconstructed",
  translation: "Translated",
  mixture: "Sampled from the mixture",
  prior: "Sampled from the prior",
};

/** Renders image quality, coherence, distances, clusters and samples of every run that has them. */
export function generativePart(ctx: ReportContext): Child {
  const { h, results } = ctx;
  const all = results.generative ?? [];
  if (all.length === 0) {
    return note(h, "Generative quality was not measured; deno task evaluate RUN --generative does.");
  }
  return [
    all.map((generative) => [imageTable(ctx, generative), clusterTable(ctx, generative), samples(ctx, generative)]),
    h(
      "p",
      { class: "explanation" },
      "Squared error and structural similarity (Wang et al., 2004) compare with the study's true image. The judge is " +
        "a classifier trained on true images of the view: what it recognises in a translated image is what the other " +
        "view told of the finding. The Fréchet distance (Heusel et al., 2017) from the true test images is measured " +
        "in the judge's features; that of true training images is what a perfect generator would have. It is biased " +
        "upwards for few images, so compare only rows with equal numbers. Samples are decoded from a mixture of " +
        "normal distributions fitted to the posteriors of the training studies.",
    ),
  ];
}

function runName(ctx: ReportContext, { run }: Generative): string {
  const record = ctx.results.runs.find(({ name }) => name === run);
  return record === undefined ? `run ${run}` : `${methodName(record.method)} (run ${run})`;
}

function imageTable(ctx: ReportContext, generative: Generative): HTMLElement {
  const { h } = ctx;
  const exclusive = generative.coherence.some(({ accuracy }) => accuracy !== undefined);
  const head = [
    "Images",
    "Number",
    "Squared error",
    "Structural similarity",
    exclusive ? "Judge's accuracy" : "Judge's macro AUROC",
    "Fréchet distance",
  ];
  return captionedTable(
    ctx,
    {
      caption: `${runName(ctx, generative)}: images on ${formatCount(generative.pairs)} test pairs, judged by ` +
        `${generative.judge.run} (${formatCount(generative.judge.features)} features).`,
    },
    h(
      "thead",
      null,
      h("tr", null, head.map((text, i) => h("th", { scope: "col", class: i > 0 ? "number" : null }, text))),
    ),
    h(
      "tbody",
      null,
      imageRows(generative, exclusive).map(([name, ...cells]) =>
        h("tr", null, h("th", { scope: "row" }, name!), cells.map((cell) => h("td", { class: "number" }, cell)))
      ),
    ),
  );
}

type Place = Pick<DistanceRecord, "view" | "source" | "from">;

function imageRows({ quality, coherence, distances, pairs }: Generative, exclusive: boolean): string[][] {
  const same = (a: Place) => (b: Place) => a.view === b.view && a.source === b.source && a.from === b.from;
  const places: Place[] = [...coherence, ...distances];
  return places.filter((place, i) => places.findIndex(same(place)) === i).map((place) => {
    const { view, source, from } = place;
    const measured = quality.find((one) => one.to === view && one.from === from);
    const distance = distances.find(same(place));
    return [
      `${SOURCES[source]}: ${view}${source === "translation" ? ` from ${from}` : ""}`,
      formatCount(distance?.images ?? pairs),
      meanText(measured?.mse),
      meanText(measured?.ssim),
      judgedText(coherence.find(same(place)), exclusive),
      distance === undefined ? MISSING : String(Number(distance.distance.toPrecision(4))),
    ];
  });
}

function meanText(mean: MeanRecord | null | undefined): string {
  if (!mean) return "–";
  return `${mean.mean.toFixed(4)}${mean.standardError === null ? "" : ` ± ${mean.standardError.toFixed(4)}`}`;
}

function judgedText(judged: CoherenceRecord | undefined, exclusive: boolean): string {
  const score = exclusive ? judged?.accuracy : judged?.auroc;
  return score === undefined ? "–" : `${formatScore(score.value)} (${formatInterval(score.low, score.high)})`;
}

function clusterTable(ctx: ReportContext, generative: Generative): Child {
  const { h } = ctx;
  const { clusters, mixtures, agreement, leftOut } = generative;
  const head = ["Latents", "Studies", "Clusters", "Adjusted Rand index", "Mutual information", "Silhouette"];
  return [
    clusters.length === 0 ? null : captionedTable(
      ctx,
      { caption: `${runName(ctx, generative)}: k-means clusters of the test studies' latents.` },
      h(
        "thead",
        null,
        h("tr", null, head.map((text, i) => h("th", { scope: "col", class: i > 0 ? "number" : null }, text))),
      ),
      h(
        "tbody",
        null,
        clusters.map((one) => {
          const cells = [
            formatCount(one.studies),
            formatCount(one.clusters),
            formatScore(one.ari),
            formatScore(one.nmi),
            formatScore(one.silhouette),
          ];
          return h(
            "tr",
            null,
            h("th", { scope: "row" }, capitalise(one.view)),
            cells.map((cell) => h("td", { class: "number" }, cell)),
          );
        }),
      ),
    ),
    mixtures.map((one) =>
      h(
        "p",
        null,
        `Mixture of the ${one.view ?? "aggregate"} posterior in ${formatCount(one.dimensions)} dimensions: ${
          formatNumberOf(one.components, { one: "component", many: "components" })
        } with ` +
          `${one.covariance} covariances, fitted to ${formatCount(one.latents)} latents; held-out log-likelihood ` +
          `${one.heldOut.toFixed(2)} nats.`,
      )
    ),
    agreement.map(({ source, samples, share }) =>
      h(
        "p",
        null,
        `The judge sees one class in all views of ${(100 * share).toFixed(1)}% of ${
          formatCount(samples)
        } samples from ` +
          `the ${source}.`,
      )
    ),
    leftOut.map((reason) => h("p", { class: "note" }, `Left out: ${reason}.`)),
  ];
}

function samples(ctx: ReportContext, generative: Generative): Child {
  const { h } = ctx;
  const shown = generative.samples.filter(({ items }) => items.length > 0 && items.every(isPng));
  if (shown.length === 0 || !(ctx.results.data.synthetic || ctx.includeImages)) return null;
  return figure(
    ctx,
    {
      class: "wide",
      caption: `${runName(ctx, generative)}: samples from the mixture, one a column. Rows from top to bottom: ` +
        `${shown.map(({ view }) => view).join(", ")}.`,
    },
    h(
      "div",
      { class: "picture-groups" },
      h(
        "div",
        { class: "picture-grid" },
        h("h4", null, "Samples"),
        h(
          "div",
          { class: "strips" },
          shown[0]!.items.map((_, i) =>
            h(
              "div",
              { class: "picture-strip" },
              shown.map(({ view, size, items }) => picture(h, items[i]!, { alt: `Sample ${i + 1}: ${view}`, size })),
            )
          ),
        ),
      ),
    ),
  );
}
