/**
 * Principal components of prepared images, as features with as many dimensions as latents.
 *
 * @module
 */
import { FastRandom } from "../../base/random.ts";
import { pairsOfSplit, type PairTable, selectPairs } from "../../data/mod.ts";
import { compile, type Device, input, matmul, type Program } from "../../runtime/mod.ts";
import { type PrincipalSubspace, principalSubspace } from "../linear/principal_subspace.ts";
import type { ViewLatents } from "../protocol/study_table.ts";
import { batchesInOrder } from "../runs/batches_in_order.ts";
import type { RunData } from "../../training/data/run_data.ts";
import type { RunViews } from "../../training/data/run_views.ts";

/** Most training images to which the components are fitted; more change them little. */
const MOST_FITTED = 10_000;
/** Most bytes of these images, which stay in memory. */
const MOST_BYTES = 2 ** 29;
/** Numbers in one of the device's batches of images. */
const BATCH_NUMBERS = 2 ** 23;

/** Options of {@linkcode pixelPca}. */
export interface PixelPcaOptions {
  readonly device: Device;
  readonly data: Pick<RunData, "index" | "pixels" | "texts">;
  /** The run's views and pairs; texts are left out. */
  readonly views: RunViews;
  /** Number of components. */
  readonly dimension: number;
  /** Seed of the sample of images and of the initial vectors. */
  readonly seed: number;
  readonly batchSize: number;
  readonly onProgress?: (progress: { done: number; total: number }) => void;
  readonly signal?: AbortSignal;
}

/** Some images of a view as bytes. */
interface Images {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly size: number;
}

/** A fitted projection. */
interface Components extends PrincipalSubspace {
  readonly mean: Float64Array;
}

/**
 * Fits the leading principal components of each image view's training images, and projects all of its images on them:
 * one row per pair that has the view, in the order of `encodePairs()`. Each component is scaled to unit variance on the
 * training images, as a VAE's prior does with latents.
 */
export async function pixelPca(options: PixelPcaOptions): Promise<ViewLatents[]> {
  const { data, views, seed } = options;
  const train = pairsOfSplit(data.index, views.pairs, "train");
  const size = data.pixels.imageSize ** 2;
  const numbers = imageViews(options);
  if (numbers.length === 0) return [];
  const most = Math.min(MOST_FITTED, Math.max(2, Math.floor(MOST_BYTES / (size * numbers.length))));
  const kept = new Set(
    new FastRandom(seed, 6).shuffle(Array.from({ length: train.count }, (_, i) => i)).slice(0, most),
  );
  const sample = await imagesOf(selectPairs(train, (pair) => kept.has(pair)), options);
  const fitted: Components[] = [];
  for (const images of sample) fitted.push(await fit(images, options));
  return await project(fitted, options);
}

/** The image views' numbers among all views. */
function imageViews({ views }: PixelPcaOptions): number[] {
  return views.names.flatMap((_, m) => views.texts.includes(m) ? [] : [m]);
}

/** All images of some pairs, by view. */
async function imagesOf(pairs: PairTable, options: PixelPcaOptions): Promise<Images[]> {
  const { data, batchSize } = options;
  const size = data.pixels.imageSize ** 2;
  const numbers = imageViews(options);
  const all = numbers.map(() => ({ bytes: new Uint8Array(pairs.count * size), rows: 0 }));
  for await (const batch of batchesInOrder(data, { pairs, batchSize, texts: data.texts })) {
    options.signal?.throwIfAborted();
    for (const [view, m] of numbers.entries()) {
      for (let row = 0; row < batch.size; row++) {
        if (!batch.present[m * batchSize + row]) continue;
        const start = (view * batchSize + row) * size;
        all[view]!.bytes.set(batch.pixels.subarray(start, start + size), all[view]!.rows++ * size);
      }
    }
  }
  return all.map(({ bytes, rows }) => ({ bytes: bytes.subarray(0, rows * size), rows, size }));
}

async function fit({ bytes, rows, size }: Images, options: PixelPcaOptions): Promise<Components> {
  const { device, dimension, seed, signal } = options;
  const mean = new Float64Array(size);
  for (let i = 0; i < bytes.length; i++) mean[i % size]! += bytes[i]! / 255 / rows;
  const batch = Math.max(1, Math.min(rows, Math.floor(BATCH_NUMBERS / size)));
  const count = Math.min(dimension, size);
  let program: Program | undefined;
  try {
    // The covariance times vectors, X'(X V) / n, without the covariance itself, which has size^2 entries.
    const multiply = async (vectors: Float64Array) => {
      const width = vectors.length / size;
      program ??= await compile(device, () => {
        const x = input("x", { shape: [batch, size] });
        const along = matmul(x, input("v", { shape: [width, size] }), { transposeB: true });
        return { outputs: { product: matmul(along, x, { transposeA: true }) } };
      }, { name: "principal components" });
      const v = Float32Array.from(vectors);
      const total = new Float64Array(vectors.length);
      for (let start = 0; start < rows; start += batch) {
        signal?.throwIfAborted();
        program.run({ x: centred({ bytes, rows, size }, { start, batch, mean }), v });
        const [product] = await program.read("product");
        for (let i = 0; i < total.length; i++) total[i]! += product![i]! / rows;
      }
      return total;
    };
    return { ...await principalSubspace(multiply, { size, count, seed }), mean };
  } finally {
    program?.[Symbol.dispose]();
  }
}

/** Images in [0, 1] minus their mean; zeros behind the last one. */
function centred(
  { bytes, rows, size }: Images,
  { start, batch, mean }: { start: number; batch: number; mean: Float64Array },
): Float32Array {
  const x = new Float32Array(batch * size);
  const end = Math.min(rows, start + batch) * size;
  for (let i = start * size, k = 0; i < end; i++, k++) x[k] = bytes[i]! / 255 - mean[k % size]!;
  return x;
}

async function project(fitted: readonly Components[], options: PixelPcaOptions): Promise<ViewLatents[]> {
  const { data, views, dimension, batchSize, device } = options;
  const size = data.pixels.imageSize ** 2;
  const numbers = imageViews(options);
  const rows = numbers.map(() => ({ values: [] as Float32Array[], study: [] as number[] }));
  const axes = fitted.map((components) => scaledAxes(components, { size, dimension }));
  using program = await compile(device, () => {
    const x = input("x", { shape: [batchSize, size] });
    return { outputs: { along: matmul(x, input("v", { shape: [dimension, size] }), { transposeB: true }) } };
  }, { name: "projection on principal components" });
  let done = 0;
  for await (const batch of batchesInOrder(data, { pairs: views.pairs, batchSize, texts: data.texts })) {
    options.signal?.throwIfAborted();
    // Copied, because the loader reuses the batch's memory for the next one.
    const [present, studies, pixels] = [batch.present.slice(), batch.studies.slice(), batch.pixels.slice()];
    for (const [view, m] of numbers.entries()) {
      const bytes = pixels.subarray(view * batchSize * size, (view + 1) * batchSize * size);
      const x = centred({ bytes, rows: batch.size, size }, { start: 0, batch: batchSize, mean: fitted[view]!.mean });
      program.run({ x, v: axes[view]! });
      const [along] = await program.read("along");
      for (let row = 0; row < batch.size; row++) {
        if (!present[m * batchSize + row]) continue;
        rows[view]!.values.push(along!.slice(row * dimension, (row + 1) * dimension));
        rows[view]!.study.push(studies[row]!);
      }
    }
    done += batch.size;
    options.onProgress?.({ done, total: views.pairs.count });
  }
  return numbers.map((m, view) => {
    const values = new Float32Array(rows[view]!.study.length * dimension);
    rows[view]!.values.forEach((row, i) => values.set(row, i * dimension));
    return { view: views.names[m]!, values, dimension, study: Int32Array.from(rows[view]!.study) };
  });
}

/** Components divided by their standard deviations; zeros in place of those without variance, or beyond the last. */
function scaledAxes(
  { values, vectors }: Components,
  { size, dimension }: { size: number; dimension: number },
): Float32Array {
  const axes = new Float32Array(dimension * size);
  const least = 1e-9 * (values[0] ?? 0);
  for (let k = 0; k < values.length; k++) {
    if (!(values[k]! > least)) continue;
    const scale = 1 / Math.sqrt(values[k]!);
    for (let i = 0; i < size; i++) axes[k * size + i] = scale * vectors[k * size + i]!;
  }
  return axes;
}
