/**
 * A mixture of normal distributions fitted to a trained model's aggregate posterior, the average of the posteriors of
 * all training pairs, from which new latents can be drawn even where nothing holds latents to a prior.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { FastRandom } from "../../base/random.ts";
import { pairsOfSplit, type PairTable, selectPairs } from "../../data/mod.ts";
import type { VaeInference } from "../../models/mod.ts";
import type { RunData, RunTexts } from "../../training/data/run_data.ts";
import type { RunViews } from "../../training/data/run_views.ts";
import { presentOf } from "../../training/run_trainer.ts";
import {
  fitGaussianMixture,
  type GaussianMixture,
  meanLogLikelihood,
  mixtureBic,
  sampleMixture,
} from "../metrics/generative/gaussian_mixture.ts";
import type { Matrix } from "../probes/matrix.ts";
import { batchesInOrder } from "../runs/batches_in_order.ts";
import { copyOf } from "../runs/translate_run.ts";

/** Numbers of components that are tried. */
const COMPONENTS = [1, 2, 4, 8, 16, 32];
/** Fewest latents for each component. */
const FEWEST_PER_COMPONENT = 10;
/** Most dimensions for which full covariances are tried. */
const MOST_FULL_DIMENSIONS = 32;
/** Most latents to which a mixture is fitted, and on which it is judged. */
const MOST_LATENTS = 5000;

/** Options of {@linkcode fitAggregatePosterior}. */
export interface AggregatePosteriorOptions {
  readonly model: VaeInference;
  readonly views: RunViews;
  readonly data: Pick<RunData, "index" | "pixels">;
  readonly texts?: RunTexts | undefined;
  /** Seed of the latents, the clusters and the mixtures. */
  readonly seed: number;
  readonly onProgress?: (progress: { stage: string; done: number; total: number }) => void;
  readonly signal?: AbortSignal;
}

/** A fitted mixture and how it was chosen. */
export interface FittedMixture {
  /** The mixture. */
  readonly mixture: GaussianMixture;
  /** View whose own latents it describes: of independent VAEs, or private ones; absent if all views share them. */
  readonly view?: string;
  /** Number of latents to which it was fitted. */
  readonly latents: number;
  /** Mean log-likelihood of the held-out latents in nats. */
  readonly heldOut: number;
  /** Bayesian information criterion on the held-out latents, the least of all mixtures tried. */
  readonly bic: number;
}

/**
 * Fits mixtures to latents drawn from the posteriors of the training pairs, and keeps the one with the least Bayesian
 * information criterion on latents of the validation pairs (without any, on a fifth of the training pairs').
 *
 * As in training, the latents are those of the joint posterior if the method has one; the views' latents of other
 * methods (MMVM) are pooled. Of independent VAEs each view gets a mixture of its own, and so do latent dimensions that
 * are private to their view.
 *
 * @throws {DataError} if the training split has too few pairs.
 */
export async function fitAggregatePosterior(options: AggregatePosteriorOptions): Promise<FittedMixture[]> {
  const { views, data: { index } } = options;
  const train = await drawLatents(pairsOfSplit(index, views.pairs, "train"), options);
  const held = pairsOfSplit(index, views.pairs, "validate");
  const validation = held.count > 0 ? await drawLatents(held, options) : [];
  return train.map(({ latents, view }, m) => {
    if (latents.rows < FEWEST_PER_COMPONENT) {
      throw new DataError(
        `a mixture needs at least ${FEWEST_PER_COMPONENT} latents, but the training split has ${latents.rows}`,
      );
    }
    const there = validation[m]?.latents;
    const [fitted, judged] = there && there.rows > 0 ? [latents, there] : split(latents);
    const best = bestMixture(fitted, { judged, options, done: m, total: train.length });
    return view === undefined ? best : { ...best, view };
  });
}

function bestMixture(
  fitted: Matrix,
  of: { judged: Matrix; options: AggregatePosteriorOptions; done: number; total: number },
): FittedMixture {
  const { judged, options: { seed, onProgress, signal } } = of;
  const kinds = fitted.columns <= MOST_FULL_DIMENSIONS ? ["diagonal", "full"] as const : ["diagonal"] as const;
  const candidates = kinds.flatMap((kind) =>
    COMPONENTS.filter((count) => count === 1 || count * FEWEST_PER_COMPONENT <= fitted.rows)
      .map((components) => ({ kind, components }))
  );
  let best: FittedMixture | undefined;
  for (const [i, candidate] of candidates.entries()) {
    signal?.throwIfAborted();
    const total = of.total * candidates.length;
    onProgress?.({ stage: "fitting mixtures", done: of.done * candidates.length + i, total });
    const mixture = fitGaussianMixture(fitted, { ...candidate, seed });
    const bic = mixtureBic(mixture, judged);
    if (best !== undefined && !(bic < best.bic)) continue;
    best = { mixture, latents: fitted.rows, bic, heldOut: meanLogLikelihood(mixture, judged) };
  }
  return best!;
}

/** Four fifths of the rows, and the rest. */
function split({ values, rows, columns }: Matrix): [Matrix, Matrix] {
  const cut = Math.ceil(rows * 0.8);
  const part = (from: number, to: number): Matrix => ({
    values: values.subarray(from * columns, to * columns) as Float64Array,
    rows: to - from,
    columns,
  });
  return [part(0, cut), part(cut, rows)];
}

/** Latents that one mixture describes. */
interface Part {
  /** The view to which they belong; absent if all views share them. */
  readonly view?: string;
  readonly latents: Matrix;
}

/** Draws one latent from each posterior of a sample of pairs. */
async function drawLatents(pairs: PairTable, options: AggregatePosteriorOptions): Promise<Part[]> {
  const { model: { vae, shape }, seed } = options;
  const random = new FastRandom(seed, 7);
  const chosen = new Set(random.shuffle(Array.from({ length: pairs.count }, (_, i) => i)).slice(0, MOST_LATENTS));
  const sharedDim = vae.method.prior === "each" ? 0 : vae.config.latentDim - vae.privateDim;
  const ownDim = vae.config.latentDim - sharedDim;
  const shared: number[] = [];
  const own = shape.views.map((): number[] => []);
  for await (const { joint, views } of posteriors(selectPairs(pairs, (pair) => chosen.has(pair)), options)) {
    for (const posterior of joint ? [joint] : views) {
      if (posterior && sharedDim > 0) draw(shared, posterior, { from: 0, to: sharedDim, random });
    }
    views.forEach((posterior, m) => {
      if (posterior && ownDim > 0) draw(own[m]!, posterior, { from: sharedDim, to: sharedDim + ownDim, random });
    });
  }
  const matrix = (values: number[], columns: number) =>
    thinned({ values: Float64Array.from(values), rows: values.length / columns, columns });
  return [
    ...(sharedDim > 0 ? [{ latents: matrix(shared, sharedDim) }] : []),
    ...(ownDim > 0 ? shape.views.map((view, m) => ({ view, latents: matrix(own[m]!, ownDim) })) : []),
  ];
}

/** A diagonal normal distribution. */
interface Normal {
  readonly mu: Float32Array;
  readonly logvar: Float32Array;
}

/** Appends a draw of some dimensions. */
function draw(into: number[], { mu, logvar }: Normal, at: { from: number; to: number; random: FastRandom }): void {
  for (let d = at.from; d < at.to; d++) into.push(mu[d]! + Math.exp(logvar[d]! / 2) * at.random.normal());
}

/** The posteriors of each pair: of its views, `undefined` for missing ones, and the joint one if the method has one. */
async function* posteriors(
  pairs: PairTable,
  options: AggregatePosteriorOptions,
): AsyncGenerator<{ joint: Normal | undefined; views: (Normal | undefined)[] }> {
  const { model, views, seed, signal } = options;
  const { batchSize } = model.shape;
  const row = ({ mu, logvar }: Normal, i: number, width: number): Normal => ({
    mu: mu.subarray(i * width, (i + 1) * width),
    logvar: logvar.subarray(i * width, (i + 1) * width),
  });
  for await (const batch of batchesInOrder(options.data, { pairs, batchSize, texts: options.texts })) {
    signal?.throwIfAborted();
    // Copied, because the loader reuses the batch's memory for the next one.
    const [given, present, { size, step }] = [copyOf(batch), batch.present.slice(), batch];
    const { mu, logvar } = await model.encode(given);
    const joint = model.vae.method.aggregate
      ? await model.aggregate(given, { seed, step, ...presentOf({ present }, views) })
      : undefined;
    for (let i = 0; i < size; i++) {
      yield {
        joint: joint && row(joint, i, joint.mu.length / batchSize),
        views: model.shape.views.map((_, m) =>
          present[m * batchSize + i] ? row({ mu: mu[m]!, logvar: logvar[m]! }, i, mu[m]!.length / batchSize) : undefined
        ),
      };
    }
  }
}

/** At most {@linkcode MOST_LATENTS} rows, evenly spaced. */
function thinned({ values, rows, columns }: Matrix): Matrix {
  if (rows <= MOST_LATENTS) return { values, rows, columns };
  const kept = new Float64Array(MOST_LATENTS * columns);
  for (let i = 0; i < MOST_LATENTS; i++) {
    const row = Math.floor(i * rows / MOST_LATENTS);
    kept.set(values.subarray(row * columns, (row + 1) * columns), i * columns);
  }
  return { values: kept, rows: MOST_LATENTS, columns };
}

/**
 * Decodes new samples of all views, from latents drawn from the mixtures.
 *
 * @yields Batches as by `VaeInference.decodeLatents()`, with the number of samples in each; the rows behind are
 * padding.
 */
export async function* sampleViews(
  model: VaeInference,
  fitted: readonly FittedMixture[],
  { count, seed }: { count: number; seed: number },
): AsyncGenerator<{ views: Float32Array[]; size: number }> {
  const { batchSize, views } = model.shape;
  const width = model.vae.config.latentDim;
  const drawn = fitted.map(({ mixture, view }, i) => ({
    view,
    dimension: mixture.dimension,
    values: sampleMixture(mixture, { count, seed: seed + i }),
  }));
  // One latent for all views, unless views have latents of their own.
  const decoders = drawn.every(({ view }) => view === undefined) ? [undefined] : views;
  for (let first = 0; first < count; first += batchSize) {
    const size = Math.min(batchSize, count - first);
    const z = new Float32Array(decoders.length * batchSize * width);
    for (const [m, name] of decoders.entries()) {
      let from = 0;
      for (const { dimension, values } of drawn.filter(({ view }) => view === undefined || view === name)) {
        for (let row = 0; row < size; row++) {
          const start = (first + row) * dimension;
          z.set(values.subarray(start, start + dimension), (m * batchSize + row) * width + from);
        }
        from += dimension;
      }
    }
    yield { views: await model.decodeLatents(z), size };
  }
}
