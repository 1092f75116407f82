/**
 * Two-dimensional projections of test latents: the first two principal components, and UMAP (McInnes, Healy and
 * Melville, 2018).
 *
 * @module
 */
import { UMAP } from "umap-js";
import { FastRandom } from "../../base/random.ts";
import type { Split } from "../../data/index/study_index.ts";
import type { Cases, Projection } from "../results/results.ts";
import { meanRowsByStudy } from "./aggregate.ts";
import { studiesWithLatents, type StudyTable, type ViewLatents } from "./study_table.ts";

/** Power iterations; each reduces the error by the ratio of the second to the first eigenvalue. */
const ROUNDS = 200;

/** UMAP's time grows superlinearly: 600 points take about a second. Larger sets get PCA only. */
const MOST_UMAP_POINTS = 1500;
/** UMAP needs more points than neighbours, 15 by default. */
const FEWEST_UMAP_POINTS = 32;

/**
 * Projects the mean latent of each study of a split, by default `test`; `cases` are the records of these studies.
 */
export function projectLatents(
  latents: ViewLatents,
  options: { run: string; table: StudyTable; cases: readonly Cases[]; split?: Split },
): Projection[] {
  const { run, table, cases, split = "test" } = options;
  const studies = studiesWithLatents(table, latents, split);
  const features = { values: latents.values, rows: latents.study.length, columns: latents.dimension };
  const means = meanRowsByStudy(features, { rowStudies: latents.study, studies });
  const centred = centre(means.values, latents.dimension);
  const covariance = covarianceOf(centred, latents.dimension);
  const total = covariance.reduce((sum, row, i) => sum + row[i]!, 0);
  const first = leadingVector(covariance, []);
  const second = leadingVector(covariance, [first]);
  const along = (axis: Float64Array) =>
    Array.from(studies, (_, i) => {
      let sum = 0;
      for (let d = 0; d < axis.length; d++) sum += centred[i * axis.length + d]! * axis[d]!;
      return Number(sum.toPrecision(6));
    });
  const own = cases.find((record) => record.id.endsWith(`-${latents.view}`)) ?? cases[0]!;
  const share = (axis: Float64Array) => (total > 0 ? rayleigh(covariance, axis) / total : 0);
  const place = { run, view: latents.view, cases: own.id };
  const pca: Projection = {
    ...place,
    kind: "pca",
    x: along(first),
    y: along(second),
    explained: [share(first), share(second)],
  };
  if (studies.length < FEWEST_UMAP_POINTS || studies.length > MOST_UMAP_POINTS) return [pca];
  return [pca, { ...place, kind: "umap", ...umap(means.values, latents.dimension) }];
}

/** UMAP with a fixed seed, so that equal latents give equal projections. */
function umap(values: ArrayLike<number>, width: number): { x: number[]; y: number[] } {
  const random = new FastRandom(0, 0);
  const points = Array.from(
    { length: values.length / width },
    (_, row) => Array.from({ length: width }, (_, d) => values[row * width + d]!),
  );
  const embedding = new UMAP({ nComponents: 2, random: () => random.uniform() }).fit(points);
  const axis = (k: number) => embedding.map((point) => Number(point[k]!.toPrecision(6)));
  return { x: axis(0), y: axis(1) };
}

function centre(values: ArrayLike<number>, width: number): Float64Array {
  const centred = Float64Array.from(values);
  const rows = centred.length / width;
  for (let d = 0; d < width; d++) {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += centred[row * width + d]!;
    const mean = sum / rows;
    for (let row = 0; row < rows; row++) centred[row * width + d]! -= mean;
  }
  return centred;
}

function covarianceOf(centred: Float64Array, width: number): Float64Array[] {
  const rows = Math.max(1, centred.length / width);
  const covariance = Array.from({ length: width }, () => new Float64Array(width));
  for (let at = 0; at < centred.length; at += width) {
    for (let i = 0; i < width; i++) {
      const row = covariance[i]!;
      for (let j = 0; j < width; j++) row[j]! += centred[at + i]! * centred[at + j]! / rows;
    }
  }
  return covariance;
}

/** The leading unit eigenvector orthogonal to `others`, by power iteration. */
function leadingVector(matrix: readonly Float64Array[], others: readonly Float64Array[]): Float64Array {
  let vector = Float64Array.from(matrix, (_, i) => 1 + (i * 0.6180339887) % 1);
  for (let round = 0; round < ROUNDS; round++) {
    const next = Float64Array.from(matrix, (row) => dot(row, vector));
    for (const other of others) {
      const overlap = dot(next, other);
      for (let i = 0; i < next.length; i++) next[i]! -= overlap * other[i]!;
    }
    const norm = Math.sqrt(dot(next, next));
    if (norm === 0) return vector.map(() => 0);
    vector = next.map((value) => value / norm);
  }
  return vector;
}

function rayleigh(matrix: readonly Float64Array[], vector: Float64Array): number {
  return dot(Float64Array.from(matrix, (row) => dot(row, vector)), vector);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
