/**
 * Mixtures of normal distributions, fitted by expectation maximisation (Dempster, Laird and Rubin, 1977) from k-means
 * clusters.
 *
 * @module
 */
import { FastRandom } from "../../../base/random.ts";
import { symmetricEigen } from "../../linear/symmetric_eigen.ts";
import type { Matrix } from "../../probes/matrix.ts";
import { kMeans } from "./k_means.ts";

/** Kinds of covariance: axes only, or all entries. */
export const COVARIANCES = ["diagonal", "full"] as const;

/** One of {@linkcode COVARIANCES}. */
export type CovarianceKind = typeof COVARIANCES[number];

/** A mixture of normal distributions in `dimension` dimensions. */
export interface GaussianMixture {
  /** Kind of covariance. */
  readonly kind: CovarianceKind;
  /** Number of dimensions. */
  readonly dimension: number;
  /** Weight of each component; they add up to 1. */
  readonly weights: Float64Array;
  /** Row-major, `components x dimension`. */
  readonly means: Float64Array;
  /** Of each component, the variances (`diagonal`) or the row-major covariance (`full`). */
  readonly covariances: readonly Float64Array[];
}

/** Options of {@linkcode fitGaussianMixture}. */
export interface MixtureOptions {
  /** Number of components. */
  readonly components: number;
  /** Kind of covariance; `diagonal` by default. */
  readonly kind?: CovarianceKind;
  /** Seed of the initial clusters; 0 by default. */
  readonly seed?: number;
  /** Most iterations; 200 by default. */
  readonly iterations?: number;
  /** Gain of the mean log-likelihood below which it ends; 1e-4 by default. */
  readonly tolerance?: number;
}

/** Added to variances, relative to those of all points, so that no component collapses onto a point. */
const LEAST_SHARE = 1e-6;

/**
 * Fits a mixture to the rows of a matrix by maximum likelihood.
 *
 * @throws RangeError unless there are between one and as many components as rows.
 */
export function fitGaussianMixture(points: Matrix, options: MixtureOptions): GaussianMixture {
  const { components, kind = "diagonal", seed = 0, iterations = 200, tolerance = 1e-4 } = options;
  const { rows } = points;
  const { assignment } = kMeans(points, { clusters: components, seed, restarts: 3 });
  let shares: Float64Array = new Float64Array(rows * components);
  assignment.forEach((k, i) => shares[i * components + k] = 1);
  const floor = leastVariances(points);
  let mixture = maximize(points, { shares, components, kind, floor });
  let before = -Infinity;
  for (let round = 0; round < iterations; round++) {
    const expected = expectation(mixture, points);
    if (!(expected.mean - before > tolerance)) break;
    before = expected.mean;
    shares = expected.shares;
    mixture = maximize(points, { shares, components, kind, floor });
  }
  return mixture;
}

/** The least variance along each axis. */
function leastVariances({ values, rows, columns }: Matrix): Float64Array {
  return Float64Array.from({ length: columns }, (_, j) => {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < rows; i++) {
      sum += values[i * columns + j]!;
      squares += values[i * columns + j]! ** 2;
    }
    return LEAST_SHARE * Math.max(squares / rows - (sum / rows) ** 2, 0) + Number.EPSILON;
  });
}

/** The mixture of greatest likelihood if rows belong to components by the given shares, `rows x components`. */
function maximize(
  { values, rows, columns }: Matrix,
  given: { shares: Float64Array; components: number; kind: CovarianceKind; floor: Float64Array },
): GaussianMixture {
  const { shares, components, kind, floor } = given;
  const weights = new Float64Array(components);
  const means = new Float64Array(components * columns);
  const covariances: Float64Array[] = [];
  const centred = new Float64Array(columns);
  for (let k = 0; k < components; k++) {
    const mean = means.subarray(k * columns, (k + 1) * columns);
    let total = Number.EPSILON;
    for (let i = 0; i < rows; i++) {
      const share = shares[i * components + k]!;
      total += share;
      for (let j = 0; j < columns; j++) mean[j]! += share * values[i * columns + j]!;
    }
    for (let j = 0; j < columns; j++) mean[j]! /= total;
    weights[k] = total / rows;
    const covariance = new Float64Array(kind === "full" ? columns * columns : columns);
    for (let i = 0; i < rows; i++) {
      const share = shares[i * components + k]! / total;
      if (share < 1e-300) continue;
      for (let j = 0; j < columns; j++) centred[j] = values[i * columns + j]! - mean[j]!;
      addSpread(covariance, centred, { share, kind });
    }
    for (let j = 0; j < columns; j++) covariance[kind === "full" ? j * columns + j : j]! += floor[j]!;
    covariances.push(covariance);
  }
  const sum = weights.reduce((a, b) => a + b, 0);
  return { kind, dimension: columns, weights: weights.map((weight) => weight / sum), means, covariances };
}

function addSpread(
  covariance: Float64Array,
  centred: Float64Array,
  { share, kind }: { share: number; kind: CovarianceKind },
): void {
  const n = centred.length;
  if (kind === "diagonal") {
    for (let j = 0; j < n; j++) covariance[j]! += share * centred[j]! ** 2;
    return;
  }
  for (let a = 0; a < n; a++) {
    const scaled = share * centred[a]!;
    for (let b = 0; b < n; b++) covariance[a * n + b]! += scaled * centred[b]!;
  }
}

/** The components' shares of each row, and the mean log-likelihood. */
function expectation(mixture: GaussianMixture, points: Matrix): { shares: Float64Array; mean: number } {
  const components = mixture.weights.length;
  const shares = componentLogDensities(mixture, points);
  let total = 0;
  for (let start = 0; start < shares.length; start += components) {
    const own = shares.subarray(start, start + components);
    const log = logSumExp(own);
    total += log;
    for (let k = 0; k < components; k++) own[k] = Math.exp(own[k]! - log);
  }
  return { shares, mean: total / points.rows };
}

function logSumExp(values: Float64Array): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

/** Log of weight times density of each row under each component, `rows x components`. */
function componentLogDensities(mixture: GaussianMixture, { values, rows, columns }: Matrix): Float64Array {
  const { weights, means, dimension } = mixture;
  if (columns !== dimension) {
    throw new RangeError(`points of ${columns} dimensions have no density under a mixture of ${dimension}`);
  }
  const components = weights.length;
  const logs = new Float64Array(rows * components);
  const centred = new Float64Array(columns);
  for (let k = 0; k < components; k++) {
    const { roots, logDeterminant } = whitening(mixture, k);
    const constant = Math.log(weights[k]!) - (columns * Math.log(2 * Math.PI) + logDeterminant) / 2;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) centred[j] = values[i * columns + j]! - means[k * columns + j]!;
      logs[i * components + k] = constant - squaredLength(centred, roots) / 2;
    }
  }
  return logs;
}

/** Inverse standard deviations: per axis, or row-major along eigenvectors. */
function whitening(
  { kind, covariances, dimension }: GaussianMixture,
  k: number,
): { roots: Float64Array; logDeterminant: number } {
  const covariance = covariances[k]!;
  if (kind === "diagonal") {
    return {
      roots: covariance.map((variance) => 1 / Math.sqrt(variance)),
      logDeterminant: covariance.reduce((sum, variance) => sum + Math.log(variance), 0),
    };
  }
  const { values, vectors } = symmetricEigen(covariance, dimension);
  const least = Number.EPSILON * values[0]!;
  const variances = values.map((value) => Math.max(value, least));
  return {
    roots: vectors.map((value, i) => value / Math.sqrt(variances[Math.floor(i / dimension)]!)),
    logDeterminant: variances.reduce((sum, variance) => sum + Math.log(variance), 0),
  };
}

/** Squared length of a vector after whitening. */
function squaredLength(vector: Float64Array, roots: Float64Array): number {
  const n = vector.length;
  let total = 0;
  if (roots.length === n) {
    for (let j = 0; j < n; j++) total += (vector[j]! * roots[j]!) ** 2;
    return total;
  }
  for (let start = 0; start < roots.length; start += n) {
    let along = 0;
    for (let j = 0; j < n; j++) along += vector[j]! * roots[start + j]!;
    total += along * along;
  }
  return total;
}

/**
 * The mean log-likelihood of points under a mixture, in nats per point.
 *
 * @throws RangeError for points of another dimension, or none.
 */
export function meanLogLikelihood(mixture: GaussianMixture, points: Matrix): number {
  if (points.rows === 0) throw new RangeError("there are no points whose likelihood could be measured");
  return expectation(mixture, points).mean;
}

/** Number of free parameters of a mixture. */
export function mixtureParameters({ kind, dimension, weights }: GaussianMixture): number {
  const spread = kind === "full" ? dimension * (dimension + 1) / 2 : dimension;
  return weights.length * (dimension + spread) + weights.length - 1;
}

/**
 * Bayesian information criterion (Schwarz, 1978) of a mixture on some points, -2 log L + p log n: the lower the better.
 *
 * @throws RangeError as {@linkcode meanLogLikelihood}.
 */
export function mixtureBic(mixture: GaussianMixture, points: Matrix): number {
  return -2 * points.rows * meanLogLikelihood(mixture, points) + mixtureParameters(mixture) * Math.log(points.rows);
}

/**
 * Draws points from a mixture.
 *
 * @returns Row-major, `count x dimension`.
 */
export function sampleMixture(
  mixture: GaussianMixture,
  { count, seed }: { count: number; seed: number },
): Float32Array {
  const { kind, weights, means, covariances, dimension } = mixture;
  const random = new FastRandom(seed, 4);
  const roots = covariances.map((covariance) => kind === "full" ? eigenRoots(covariance, dimension) : covariance);
  const points = new Float32Array(count * dimension);
  for (let i = 0; i < count; i++) {
    const k = drawComponent(weights, random.uniform());
    const noise = Float64Array.from({ length: dimension }, () => random.normal());
    for (let j = 0; j < dimension; j++) {
      let value = means[k * dimension + j]!;
      if (kind === "diagonal") value += Math.sqrt(roots[k]![j]!) * noise[j]!;
      else for (let e = 0; e < dimension; e++) value += roots[k]![e * dimension + j]! * noise[e]!;
      points[i * dimension + j] = value;
    }
  }
  return points;
}

/** Eigenvectors as rows, each scaled by the standard deviation along it. */
function eigenRoots(covariance: Float64Array, n: number): Float64Array {
  const { values, vectors } = symmetricEigen(covariance, n);
  return vectors.map((value, i) => value * Math.sqrt(Math.max(0, values[Math.floor(i / n)]!)));
}

function drawComponent(weights: Float64Array, uniform: number): number {
  let left = uniform;
  for (let k = 0; k < weights.length - 1; k++) {
    left -= weights[k]!;
    if (left < 0) return k;
  }
  return weights.length - 1;
}
