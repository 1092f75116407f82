/**
 * Random batches of posteriors for the tests of the latent kernels, seen as flat arrays (the kernels') and as normals
 * (the oracles').
 *
 * @module
 */
import { normalData } from "../../reference/compare.ts";
import type { Normal } from "../../reference/latent.ts";

/** Posteriors of all views, [views, samples, width]. */
export interface Batch {
  readonly views: number;
  readonly samples: number;
  readonly width: number;
  readonly mu: Float32Array;
  readonly logvar: Float32Array;
  /** [views, samples]; 1 where a view is present. */
  readonly mask: Float32Array;
}

/**
 * A random batch. If `masked`, about a third of the views are absent, sample 0 (where there are several) has none, and
 * absent views hold NaN.
 */
export function randomBatch(
  shape: { views: number; samples: number; width: number },
  options: { seed: number; masked: boolean },
): Batch {
  const { views, samples, width } = shape;
  const mu = normalData(views * samples * width, { seed: options.seed });
  const logvar = normalData(views * samples * width, { seed: options.seed + 1 });
  const mask = new Float32Array(views * samples).fill(1);
  if (options.masked) {
    const draws = normalData(views * samples, { seed: options.seed + 2 });
    for (let row = 0; row < mask.length; row++) {
      if (draws[row]! > 0.43 || (row % samples === 0 && samples > 1)) mask[row] = 0;
    }
    for (let i = 0; i < mu.length; i++) if (mask[Math.floor(i / width)] === 0) mu[i] = logvar[i] = NaN;
  }
  return { ...shape, mu, logvar, mask };
}

/** Row `row` of a flat array with rows of `width`. */
export function rowOf(data: Float32Array, options: { row: number; width: number }): number[] {
  return [...data.subarray(options.row * options.width, (options.row + 1) * options.width)];
}

/** The views that are present for a sample. */
export function presentViews(batch: Batch, sample: number): number[] {
  return Array.from({ length: batch.views }, (_, m) => m).filter((m) => batch.mask[m * batch.samples + sample] === 1);
}

/** A sample's parameters of the given views as one vector: mu and logvar of the first view, of the second, ... */
export function gather(batch: Batch, options: { sample: number; views: readonly number[] }): number[] {
  return options.views.flatMap((m) => {
    const row = { row: m * batch.samples + options.sample, width: batch.width };
    return [...rowOf(batch.mu, row), ...rowOf(batch.logvar, row)];
  });
}

/** The inverse of {@link gather}, as normals. */
export function normalsOf(vector: readonly number[], width: number): Normal[] {
  const count = vector.length / (2 * width);
  return Array.from({ length: count }, (_, k) => ({
    mu: vector.slice(2 * k * width, (2 * k + 1) * width),
    logvar: vector.slice((2 * k + 1) * width, (2 * k + 2) * width),
  }));
}

/** Writes a vector in the layout of {@link gather} into arrays shaped like mu and logvar. */
export function scatter(
  vector: readonly number[],
  options: { batch: Batch; sample: number; views: readonly number[]; mu: Float64Array; logvar: Float64Array },
): void {
  const { batch, sample, views } = options;
  normalsOf(vector, batch.width).forEach((normal, k) => {
    const start = (views[k]! * batch.samples + sample) * batch.width;
    options.mu.set(normal.mu, start);
    options.logvar.set(normal.logvar, start);
  });
}

/** A batch with log variances of -80, 0 and 80 beside each other and means up to 1000, some of size `far`. */
export function extremeBatch(shape: { views: number; samples: number; width: number }, { far = 30 } = {}): Batch {
  const batch = randomBatch(shape, { seed: 99, masked: false });
  const logvars = [-80, 80, 0, 79.5, -79.5];
  return {
    ...batch,
    mu: batch.mu.map((mu, i) => i % 5 === 4 ? Math.sign(mu) * far : mu * [1, 1000, 0, 30][i % 5]!),
    logvar: batch.logvar.map((_, i) => logvars[(i * 7 + Math.floor(i / shape.width)) % logvars.length]!),
  };
}

/** Indices of the values that are Inf or NaN. */
export function nonFinite(data: Float32Array): number[] {
  return [...data.keys()].filter((i) => !Number.isFinite(data[i]!));
}
