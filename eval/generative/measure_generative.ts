/**
 * Measures what a trained VAE generates: reconstructions, translations between views, and samples.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { isDigits, pairsOfSplit, type PairTable, selectPairs, type Split } from "../../data/mod.ts";
import { requireAnchor, samplePrior, type VaeInference } from "../../models/mod.ts";
import type { RunData } from "../../training/data/run_data.ts";
import type { RunViews } from "../../training/data/run_views.ts";
import type { BootstrapOptions } from "../metrics/bootstrap.ts";
import { meanByStudy } from "../protocol/aggregate.ts";
import { scoreClassifier, storedScores } from "../protocol/score_classifier.ts";
import { casesOf, type StudyTable, type ViewLatents } from "../protocol/study_table.ts";
import type { CoherenceRecord, DistanceRecord, Generative } from "../results/generative_record.ts";
import { batchesInOrder } from "../runs/batches_in_order.ts";
import { encodePng } from "../runs/encode_png.ts";
import { toBytes } from "../runs/picture_grid.ts";
import { completePairs, copyOf } from "../runs/translate_run.ts";
import { fitAggregatePosterior, sampleViews } from "./aggregate_posterior.ts";
import { clusterLatents } from "./cluster_latents.ts";
import { DecodedQuality, ImageSet } from "./image_set.ts";
import type { Judge } from "./judge.ts";

/** Most pairs of a split that are decoded and judged. */
const MOST_PAIRS = 5000;
/** Samples shown in the report. */
const SHOWN = 8;

/** Options of {@linkcode measureGenerative}. */
export interface MeasureGenerativeOptions {
  /** Name of the run. */
  readonly run: string;
  readonly model: VaeInference;
  readonly views: RunViews;
  readonly data: RunData;
  readonly table: StudyTable;
  /** Latents of each view, for clusters. */
  readonly latents: readonly ViewLatents[];
  /** Judges at least the run's image views. */
  readonly judge: Judge;
  /** Weight of the standard normal prior at the end of training. */
  readonly alpha: number;
  /** Seed of samples, clusters and mixtures. */
  readonly seed: number;
  /** Whether pictures of samples may be kept. */
  readonly pictures: boolean;
  /** Measure quality and coherence of reconstructions and translations, and nothing else. */
  readonly decodedOnly?: boolean;
  readonly bootstrap?: BootstrapOptions | undefined;
  readonly onProgress?: (progress: { stage: string; done: number; total: number }) => void;
  readonly signal?: AbortSignal;
}

/** Images of the samples of one source, and pictures of the first. */
interface Sampled {
  readonly sets: ImageSet[];
  readonly pictures: Generative["samples"];
}

/** Numbers of the views that are images. */
export function imageViews(views: RunViews): number[] {
  return views.names.flatMap((_, m) => views.texts.includes(m) ? [] : [m]);
}

/**
 * Measures a run's images on the pairs of the test split that have all of its views, at most 5,000. Reconstructions and
 * translations are decoded from the means of single views' posteriors.
 *
 * @throws {DataError} if the test split has no such pair, or the training split too few for a mixture.
 */
export async function measureGenerative(options: MeasureGenerativeOptions): Promise<Generative> {
  const { model, data, views, table, seed } = options;
  const exclusive = isDigits(data.index.dataset);
  const test = pairsToDecode("test", options);
  const train = pairsToDecode("train", options);
  const decoded = await judgeDecoded(test, options);
  const measured = await decodedRecords(decoded, { test, options });
  if (options.decodedOnly) {
    const none = { agreement: [], distances: [], clusters: [], mixtures: [], samples: [] };
    return { ...measured, ...none, leftOut: ["only reconstructions and translations were measured"] };
  }
  const reference = await judgeReal(selectPairs(train, (pair) => pair < test.count), options);
  const mixtures = await fitAggregatePosterior({ ...options, texts: data.texts });
  const count = Math.max(2, test.count);
  const mixture = await judgeSamples("mixture", sampleViews(model, mixtures, { count, seed }), options);
  const reason = priorRefusal(options);
  const prior = reason === undefined ? await judgeSamples("prior", priorSamples(count, options), options) : undefined;
  const real = new Map(decoded.real.map((set) => [set.origin.view, set]));
  const distances = [...reference, ...decoded.sets, ...mixture.sets, ...prior?.sets ?? []].flatMap((set) => {
    const distance = set.distanceFrom(real.get(set.origin.view)!);
    return distance === null ? [] : [{ ...set.origin, images: set.count, distance } satisfies DistanceRecord];
  });
  return {
    ...measured,
    agreement: exclusive ? [agreementOf("mixture", mixture), ...prior ? [agreementOf("prior", prior)] : []].flat() : [],
    distances,
    clusters: clusterLatents(options.latents, { table, exclusive, seed }),
    mixtures: mixtures.map(({ mixture: { kind, weights, dimension }, ...rest }) => ({
      ...rest,
      dimensions: dimension,
      covariance: kind,
      components: weights.length,
    })),
    samples: options.pictures ? mixture.pictures : [],
    leftOut: [
      ...views.texts.map((m) =>
        `the ${views.names[m]} view is a text: it has no image quality, no judge and no Fréchet distance`
      ),
      ...(reason === undefined ? [] : [reason]),
    ],
  };
}

/**
 * The first pairs of a split that have all views.
 *
 * @throws {DataError} if there is none.
 */
export function pairsToDecode(
  split: Split,
  { data: { index }, views }: Pick<MeasureGenerativeOptions, "data" | "views">,
): PairTable {
  const complete = completePairs({ ...views, pairs: pairsOfSplit(index, views.pairs, split) }, index);
  if (complete.count === 0) throw new DataError(`the ${split} split has no pair with all of ${views.names.join(", ")}`);
  return selectPairs(complete, (pair) => pair < MOST_PAIRS);
}

/** The records of reconstructions and translations. */
async function decodedRecords(
  { real, sets, quality }: Awaited<ReturnType<typeof judgeDecoded>>,
  { test, options }: { test: PairTable; options: MeasureGenerativeOptions },
): Promise<Pick<Generative, "run" | "judge" | "pairs" | "quality" | "coherence">> {
  return {
    run: options.run,
    judge: { run: options.judge.name, features: real[0]?.features ?? 0 },
    pairs: test.count,
    quality: quality.map((each) => each.summary()),
    coherence: await Promise.all([...real, ...sets].map((set) => coherence(set, { test, options }))),
  };
}

/** Judges the true, reconstructed and translated images of pairs. */
async function judgeDecoded(pairs: PairTable, options: MeasureGenerativeOptions) {
  const { model, views, data, judge } = options;
  const side = data.pixels.imageSize;
  const numbers = imageViews(views);
  const real = numbers.map((k) => new ImageSet(judge, { view: views.names[k]!, source: "real" }));
  const outputs = views.names.flatMap((from, m) =>
    numbers.map((k, image) => {
      const to = views.names[k]!;
      const source = m === k ? "reconstruction" as const : "translation" as const;
      const set = new ImageSet(judge, { view: to, source, from });
      return { m, k, image, set, quality: new DecodedQuality({ from, to }, side) };
    })
  );
  let done = 0;
  for await (const loaded of batchesInOrder(data, { pairs, batchSize: model.shape.batchSize, texts: data.texts })) {
    options.signal?.throwIfAborted();
    const batch = copyOf(loaded);
    const truth = numbers.map((_, image) => ofImage(batch.pixels, { image, rows: loaded.size, options }));
    const decoded = await model.decode(batch);
    for (const [image, set] of real.entries()) await set.add(truth[image]!, side * side);
    for (const { m, k, image, set, quality } of outputs) {
      const values = decoded[m]![k]!.subarray(0, loaded.size * side * side);
      quality.add(values, truth[image]!);
      await set.add(toBytes(values), side * side);
    }
    options.onProgress?.({ stage: "judging images", done: done += loaded.size, total: pairs.count });
  }
  return { real, sets: outputs.map(({ set }) => set), quality: outputs.map(({ quality }) => quality) };
}

/** Judges the true images of pairs. */
async function judgeReal(pairs: PairTable, options: MeasureGenerativeOptions): Promise<ImageSet[]> {
  const { model, views, data, judge } = options;
  const sets = imageViews(views).map((k) => new ImageSet(judge, { view: views.names[k]!, source: "real" }));
  for await (const loaded of batchesInOrder(data, { pairs, batchSize: model.shape.batchSize, texts: data.texts })) {
    options.signal?.throwIfAborted();
    const { pixels } = copyOf(loaded);
    for (const [image, set] of sets.entries()) {
      await set.add(ofImage(pixels, { image, rows: loaded.size, options }), data.pixels.imageSize ** 2);
    }
  }
  return sets;
}

/** The bytes of a batch's images of one view. */
function ofImage(
  pixels: Uint8Array,
  { image, rows, options }: { image: number; rows: number; options: MeasureGenerativeOptions },
): Uint8Array {
  const size = options.data.pixels.imageSize ** 2;
  const start = image * options.model.shape.batchSize * size;
  return pixels.subarray(start, start + rows * size);
}

/** Why the method has no samples from the prior. */
function priorRefusal({ model, alpha }: MeasureGenerativeOptions): string | undefined {
  try {
    requireAnchor(model.vae, { alpha, use: "samples from the prior" });
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

async function* priorSamples(
  count: number,
  { model, seed, alpha }: MeasureGenerativeOptions,
): AsyncGenerator<{ views: Float32Array[]; size: number }> {
  const { batchSize } = model.shape;
  for (let step = 0; step * batchSize < count; step++) {
    yield {
      views: await samplePrior(model, { seed, alpha, step }),
      size: Math.min(batchSize, count - step * batchSize),
    };
  }
}

async function judgeSamples(
  source: "mixture" | "prior",
  samples: AsyncIterable<{ views: Float32Array[]; size: number }>,
  options: MeasureGenerativeOptions,
): Promise<Sampled> {
  const { views, judge, data } = options;
  const side = data.pixels.imageSize;
  const numbers = imageViews(views);
  const sets = numbers.map((k) => new ImageSet(judge, { view: views.names[k]!, source }));
  const pictures = numbers.map((k) => ({ view: views.names[k]!, size: side, items: [] as string[] }));
  for await (const { views: decoded, size } of samples) {
    options.signal?.throwIfAborted();
    for (const [image, k] of numbers.entries()) {
      const bytes = toBytes(decoded[k]!.subarray(0, size * side * side));
      await sets[image]!.add(bytes, side * side);
      const { items } = pictures[image]!;
      for (let row = 0; row < size && items.length < SHOWN; row++) {
        const file = await encodePng(bytes.subarray(row * side * side, (row + 1) * side * side), {
          width: side,
          height: side,
        });
        items.push(btoa(String.fromCharCode(...file)));
      }
    }
  }
  return { sets, pictures };
}

/** The share of samples in which the judge sees one class in all views; none for a single view. */
function agreementOf(source: "mixture" | "prior", { sets }: Sampled): Generative["agreement"] {
  if (sets.length < 2) return [];
  const [first, ...others] = sets.map((set) => set.classes());
  const agreed = first!.filter((label, i) => others.every((own) => own[i] === label)).length;
  return [{ source, samples: first!.length, share: agreed / first!.length }];
}

/** How well the labels are recognised, by study. */
async function coherence(
  set: ImageSet,
  { test, options }: { test: PairTable; options: MeasureGenerativeOptions },
): Promise<CoherenceRecord> {
  const { table, data, bootstrap } = options;
  const studies = Int32Array.from(new Set(test.study)).sort();
  const { metrics, macro, accuracy } = await scoreClassifier({
    labels: table.labels,
    cases: casesOf(table, studies, { id: "generative", split: "test" }),
    scores: table.labels.map((_, label) =>
      storedScores(meanByStudy(set.scoresOf(label), { rowStudies: test.study, studies }))
    ),
    validation: { labels: table.labels.map(() => []), scores: table.labels.map(() => null) },
    exclusive: isDigits(data.index.dataset),
    bootstrap: bootstrap ?? {},
  });
  const { view, source, from } = set.origin;
  return {
    view,
    source: source as CoherenceRecord["source"],
    ...(from === undefined ? {} : { from }),
    auroc: macro.auroc,
    labels: metrics.map(({ label, auroc }) => ({ label, auroc })),
    ...(accuracy ? { accuracy } : {}),
  };
}
