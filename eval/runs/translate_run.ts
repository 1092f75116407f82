/**
 * Picture grids of a trained model: reconstructions, translations of every view into every other one, and samples.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { createLoader, pairsOfSplit, type PairTable, selectPairs, type Split } from "../../data/mod.ts";
import { samplePosterior, samplePrior, type VaeInference } from "../../models/mod.ts";
import type { OpenModel } from "./open_model.ts";
import { pictureGrid, toBytes } from "./picture_grid.ts";
import type { RunData } from "../../training/data/run_data.ts";

/** Distributions from which samples can be drawn. */
export const SAMPLE_SOURCES = ["none", "posterior", "prior"] as const;

/** Options of {@linkcode translateRun}. */
export interface TranslateRunOptions {
  /** The model, opened by {@linkcode openModel}. */
  readonly open: OpenModel;
  /** The data, opened by {@linkcode openRunData}. */
  readonly data: RunData;
  /** Split of the pairs. */
  readonly split: Split;
  /** Number of pairs to show: the first ones of the split that have all views. At most the model's batch size. */
  readonly count: number;
  /** Draw outputs from the posterior or the prior instead of decoding means; `none` by default. */
  readonly samples?: typeof SAMPLE_SOURCES[number];
  /** Seed of the samples; 0 by default. */
  readonly seed?: number;
}

/** A picture grid: a PNG file and its name. */
export interface PictureFile {
  /** File name without extension. */
  readonly name: string;
  /** The encoded picture. */
  readonly png: Uint8Array;
}

/**
 * Draws one grid per view and per ordered pair of views, with one column per pair: the input, the output and, for
 * translations, the true image of the other view. With `samples`, one more grid with a row per view.
 *
 * @throws {DataError} if the split has no pair with all views.
 * @throws {RangeError} if samples from the prior are requested and the method has none.
 */
export async function translateRun(options: TranslateRunOptions): Promise<PictureFile[]> {
  const { open: { model, views, alpha }, data, samples = "none", seed = 0 } = options;
  const { pixels, count } = await firstPairs(options);
  const size = data.pixels.imageSize;
  const { batchSize } = model.shape;
  const picture = (values: ArrayLike<number> & { slice(start: number, end: number): ArrayLike<number> }, row: number) =>
    values.slice(row * size * size, (row + 1) * size * size);
  const columns = Array.from({ length: count }, (_, row) => row);
  const original = (m: number) => columns.map((row) => picture(pixels, m * batchSize + row) as Uint8Array);
  const drawn = (image: Float32Array) => columns.map((row) => toBytes(picture(image, row)));
  const reconstructed = await model.reconstruct(pixels, { seed });
  const translated = await model.decode(pixels);
  const files = views.names.map((name, m) => ({
    name: `${name}-reconstructed`,
    rows: [original(m), drawn(reconstructed[m]!)],
  }));
  views.names.forEach((from, m) =>
    views.names.forEach((to, k) => {
      if (m === k) return;
      files.push({ name: `${from}-to-${to}`, rows: [original(m), drawn(translated[m]![k]!), original(k)] });
    })
  );
  if (samples !== "none") {
    const images = await draw(model, { samples, pixels, seed, alpha });
    files.push({ name: `samples-${samples}`, rows: images.map(drawn) });
  }
  return await Promise.all(files.map(async ({ name, rows }) => ({ name, png: await pictureGrid(rows, { size }) })));
}

function draw(
  model: VaeInference,
  options: { samples: "posterior" | "prior"; pixels: Uint8Array; seed: number; alpha: number },
): Promise<Float32Array[]> {
  const { samples, pixels, seed, alpha } = options;
  return samples === "prior" ? samplePrior(model, { seed, alpha }) : samplePosterior(model, pixels, { seed });
}

/** Loads the first pairs of a split that have all views as a batch. */
async function firstPairs(options: TranslateRunOptions): Promise<{ pixels: Uint8Array; count: number }> {
  const { open: { model, views }, data: { index, pixels }, split } = options;
  const pairs = completePairs(pairsOfSplit(index, views.pairs, split));
  if (pairs.count === 0) throw new DataError(`the ${split} split has no pair with all of ${views.names.join(", ")}`);
  const { batchSize } = model.shape;
  const loader = createLoader(pixels, { index, pairs, batchSize, shuffle: false, partial: "pad" });
  for await (const batch of loader.batches({ untilEpoch: 1 })) {
    return { pixels: batch.pixels.slice(), count: Math.min(options.count, batch.size) };
  }
  throw new Error("the loader returned no batch although there are pairs");
}

/** The pairs that have all views. */
export function completePairs(pairs: PairTable): PairTable {
  return selectPairs(pairs, (pair) => {
    for (let m = 0; m < pairs.views; m++) if (pairs.images[pair * pairs.views + m]! < 0) return false;
    return true;
  });
}
