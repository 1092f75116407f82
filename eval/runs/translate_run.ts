/**
 * What a trained model makes of some pairs: reconstructions, translations of every view into every other, and samples, as grids.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { createLoader, pairsOfSplit, type PairTable, selectPairs, type Split } from "../../data/mod.ts";
import { samplePosterior, samplePrior, type VaeInference } from "../../models/mod.ts";
import type { OpenModel } from "./open_model.ts";
import { pictureGrid, toBytes } from "./picture_grid.ts";
import type { RunData } from "../../training/data/run_data.ts";

/** Where samples come from, if any are drawn. */
export const SAMPLE_SOURCES = ["none", "posterior", "prior"] as const;

/** What to draw. */
export interface TranslateRunOptions {
  readonly open: OpenModel;
  readonly data: RunData;
  readonly split: Split;
  /** Pairs to show: the first of the split that have all views. The model's batch must hold them. */
  readonly count: number;
  readonly samples?: typeof SAMPLE_SOURCES[number];
  /** Seed of the samples, 0 unless given. */
  readonly seed?: number;
}

/** A grid: a PNG file and what to call it. */
export interface PictureFile {
  /** Without an ending. */
  readonly name: string;
  readonly png: Uint8Array;
}

/**
 * Draws a grid for each view and each two views, a column a pair: what went in, what came out and, for a translation, what the other
 * view really shows. With `samples` one more, a row a view.
 *
 * @throws {DataError} where the split has no complete pair.
 * @throws {RangeError} for samples from a prior that the method does not have.
 */
export async function translateRun(options: TranslateRunOptions): Promise<PictureFile[]> {
  const { open: { model, views, alpha }, data, samples = "none", seed = 0 } = options;
  const { pixels, count } = await firstPairs(options);
  const size = data.pixels.imageSize;
  const { batchSize } = model.images;
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

/** The first complete pairs of a split as a batch. */
async function firstPairs(options: TranslateRunOptions): Promise<{ pixels: Uint8Array; count: number }> {
  const { open: { model, views }, data: { index, pixels }, split } = options;
  const pairs = completePairs(pairsOfSplit(index, views.pairs, split));
  if (pairs.count === 0) throw new DataError(`the ${split} split has no pair with all of ${views.names.join(", ")}.`);
  const { batchSize } = model.images;
  const loader = createLoader(pixels, { index, pairs, batchSize, shuffle: false, partial: "pad" });
  for await (const batch of loader.batches({ untilEpoch: 1 })) {
    return { pixels: batch.pixels.slice(), count: Math.min(options.count, batch.size) };
  }
  throw new Error("a loader of some pairs gave no batch");
}

/** The pairs that show every view. */
export function completePairs(pairs: PairTable): PairTable {
  return selectPairs(pairs, (pair) => {
    for (let m = 0; m < pairs.views; m++) if (pairs.images[pair * pairs.views + m]! < 0) return false;
    return true;
  });
}
