/**
 * Formats what a run generates as text for the terminal.
 *
 * @module
 */
import type { Generative, MeanRecord } from "./generative_record.ts";
import type { Interval } from "./interval.ts";
import { alignColumns, formatCell } from "./tables.ts";

/** Where images come from, in words. */
const SOURCES = {
  real: "true images",
  reconstruction: "reconstructed",
  translation: "translated",
  mixture: "sampled from the mixture",
  prior: "sampled from the prior",
} as const;

/**
 * Formats tables of image quality, coherence and distances, of clusters, and what is left out. Scores of the judge are
 * in percent, with 95% intervals of a bootstrap over patients.
 */
export function formatGenerativeTable(generative: Generative): string {
  const { judge, pairs, clusters, mixtures, agreement, leftOut } = generative;
  const exclusive = generative.coherence.some(({ accuracy }) => accuracy !== undefined);
  const head = ["images", "MSE", "SSIM", exclusive ? "judge's accuracy" : "judge's macro AUROC", "Fréchet distance"];
  const lines = [
    `generative quality on ${pairs} test pairs, judged by ${judge.run} (${judge.features} features)`,
    alignColumns([head, ...imageRows(generative, exclusive)]),
    "true images: what the judge scores on them, and the distance of as many of the training split, which a perfect " +
    "generator would have; distances are biased upwards for few images",
    ...agreement.map(({ source, samples, share }) =>
      `one class in all views of ${(100 * share).toFixed(1)}% of ${samples} samples from the ${source}`
    ),
    ...clusters.map(({ view, studies, clusters, ari, nmi, silhouette }) =>
      `${view} latents of ${studies} studies in ${clusters} clusters: ` + [
        ...(ari === null ? [] : [`adjusted Rand index ${ari.toFixed(3)}`]),
        ...(nmi === null ? [] : [`normalised mutual information ${nmi.toFixed(3)}`]),
        ...(silhouette === null ? [] : [`silhouette ${silhouette.toFixed(3)}`]),
      ].join(", ")
    ),
    ...mixtures.map(({ view, dimensions, components, covariance, latents, heldOut }) =>
      `mixture of the ${view ?? "aggregate"} posterior in ${dimensions} dimensions: ${components} component${
        components === 1 ? "" : "s"
      } with ${covariance} covariances, fitted ` +
      `to ${latents} latents; held-out log-likelihood ${heldOut.toFixed(2)} nats`
    ),
    ...leftOut.map((reason) => `left out: ${reason}`),
  ];
  return lines.join("\n");
}

function imageRows({ quality, coherence, distances }: Generative, exclusive: boolean): string[][] {
  const key = (view: string, source: string, from: string | undefined) => JSON.stringify([view, source, from ?? ""]);
  const places = new Map([...coherence, ...distances].map((one) => [key(one.view, one.source, one.from), one]));
  return [...places].map(([place, { view, source, from }]) => {
    const measured = quality.find((one) => one.to === view && one.from === from);
    const judged = coherence.find((one) => key(one.view, one.source, one.from) === place);
    const distance = distances.find((one) => key(one.view, one.source, one.from) === place);
    const score: Interval | undefined = exclusive ? judged?.accuracy : judged?.auroc;
    return [
      `${view}, ${SOURCES[source]}${from === undefined || from === view ? "" : ` from ${from}`}`,
      formatMean(measured?.mse),
      formatMean(measured?.ssim),
      score === undefined ? "" : formatCell([score]),
      distance === undefined ? "" : distance.distance.toPrecision(4),
    ];
  });
}

function formatMean(mean: MeanRecord | null | undefined): string {
  return mean ? mean.mean.toFixed(4) : "";
}
