/**
 * Binary logistic regression with scikit-learn's default objective.
 *
 * @module
 */
import { factorGram, type Gram, gramMatrix } from "./gram_preconditioner.ts";
import { checkMatrix, type Matrix } from "./matrix.ts";
import { type ConvexObjective, minimise } from "./newton_cg.ts";

/** Settings of a logistic regression. */
export interface LogisticOptions {
  /** Inverse regularisation strength, above 0; 1 by default. */
  readonly C?: number | undefined;
  /**
   * Relative size of the Newton step at which to stop; 1e-6 by default. Convergence is quadratic, so the remaining
   * error is far smaller.
   */
  readonly tolerance?: number | undefined;
  /** Most Newton steps; 100 by default. */
  readonly maxIterations?: number | undefined;
  /** Gram matrix of the features, to share it between labels. */
  readonly gram?: Gram | undefined;
}

/** A fitted binary logistic regression: P(positive) = sigmoid(coefficients . x + intercept). */
export interface LogisticModel {
  /** Weight of each feature. */
  readonly coefficients: Float64Array;
  /** Intercept. */
  readonly intercept: number;
  /** Newton steps taken. */
  readonly iterations: number;
  /** Whether the tolerance was reached. */
  readonly converged: boolean;
}

/** 1 / (1 + e^-z) without overflow. */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const e = Math.exp(z);
  return e / (1 + e);
}

/** log(1 + e^z) without overflow. */
function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

/** Inner product of a row with the first entries of `w`; four partial sums hide the latency of additions. */
function rowDot(values: Float32Array | Float64Array, start: number, w: Float64Array, columns: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let j = 0;
  for (; j + 3 < columns; j += 4) {
    a += values[start + j]! * w[j]!;
    b += values[start + j + 1]! * w[j + 1]!;
    c += values[start + j + 2]! * w[j + 2]!;
    d += values[start + j + 3]! * w[j + 3]!;
  }
  for (; j < columns; j++) a += values[start + j]! * w[j]!;
  return a + b + (c + d);
}

/** Adds a multiple of a row, and of the intercept's 1, to `sum`. */
function addRow(
  sum: Float64Array,
  scale: number,
  { values, start, columns }: { values: Float32Array | Float64Array; start: number; columns: number },
): void {
  for (let j = 0; j < columns; j++) sum[j]! += scale * values[start + j]!;
  sum[columns]! += scale;
}

/** Adds the gradient of ||w||^2 / 2, which excludes the intercept. */
function addPenalty(sum: Float64Array, w: Float64Array, columns: number): void {
  for (let j = 0; j < columns; j++) sum[j]! += w[j]!;
}

/** The objective over the labelled rows; the last variable is the intercept. */
class LogisticObjective implements ConvexObjective {
  readonly size: number;
  readonly precondition: (residual: Float64Array, solution: Float64Array) => void;
  readonly #features: Matrix;
  readonly #targets: ArrayLike<number>;
  readonly #C: number;
  /** C p (1 - p) of each row at the last evaluated point. */
  readonly #curvature: Float64Array;

  constructor(
    features: Matrix,
    targets: ArrayLike<number>,
    { C, gram, positives, used }: { C: number; gram: Gram; positives: number; used: number },
  ) {
    this.size = features.columns + 1;
    this.#features = features;
    this.#targets = targets;
    this.#C = C;
    this.#curvature = new Float64Array(features.rows);
    const prevalence = positives / used;
    const solve = factorGram(gram, C * prevalence * (1 - prevalence) * used / features.rows);
    this.precondition = (residual, solution) => solve(residual, solution, 0);
  }

  evaluate(point: Float64Array, gradient: Float64Array): number {
    const { values, rows, columns } = this.#features;
    gradient.fill(0);
    let loss = 0;
    for (let i = 0; i < rows; i++) {
      const target = this.#targets[i]!;
      if (target < 0) continue;
      const start = i * columns;
      const z = rowDot(values, start, point, columns) + point[columns]!;
      const p = sigmoid(z);
      loss += softplus(target === 1 ? -z : z);
      this.#curvature[i] = this.#C * p * (1 - p);
      addRow(gradient, this.#C * (p - target), { values, start, columns });
    }
    addPenalty(gradient, point, columns);
    let squares = 0;
    for (let j = 0; j < columns; j++) squares += point[j]! ** 2;
    return squares / 2 + this.#C * loss;
  }

  hessianTimes(direction: Float64Array, product: Float64Array): void {
    const { values, rows, columns } = this.#features;
    product.fill(0);
    for (let i = 0; i < rows; i++) {
      const curvature = this.#curvature[i]!;
      if (curvature === 0) continue;
      const start = i * columns;
      const scale = curvature * (rowDot(values, start, direction, columns) + direction[columns]!);
      addRow(product, scale, { values, start, columns });
    }
    addPenalty(product, direction, columns);
  }
}

/** Counts the positive and negative rows of a target. */
export function countTargets(targets: ArrayLike<number>): { positives: number; negatives: number } {
  let positives = 0;
  let negatives = 0;
  for (let i = 0; i < targets.length; i++) {
    if (targets[i] === 1) positives++;
    else if (targets[i] === 0) negatives++;
    else if (targets[i] !== -1) {
      throw new RangeError(`target ${i} is ${targets[i]}; it must be 1, 0, or -1 to exclude the row`);
    }
  }
  return { positives, negatives };
}

/**
 * Fits a logistic regression by minimising ||w||^2 / 2 + C sum of log losses with an unpenalised intercept: the
 * objective of scikit-learn's `LogisticRegression()`, solved to far below its tolerance. Computes in float64.
 *
 * @param features One row per case, at least one column.
 * @param targets Per row: 1, 0, or -1 to exclude the row.
 * @returns The model, or `null` if the targets have fewer than two classes.
 * @throws RangeError naming NaN features, targets out of range, or an option out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fitLogisticRegression, logisticProbabilities } from "./logistic_regression.ts";
 * const features = { values: Float64Array.of(-2, -1, 1, 2), rows: 4, columns: 1 };
 * const model = fitLogisticRegression(features, [0, 0, 1, 1]);
 * assert(model !== null && logisticProbabilities(model, features)[3]! > 0.8);
 * ```
 */
export function fitLogisticRegression(
  features: Matrix,
  targets: ArrayLike<number>,
  options: LogisticOptions = {},
): LogisticModel | null {
  const { C = 1, tolerance = 1e-6, maxIterations = 100 } = options;
  if (!(C > 0 && C < Infinity)) throw new RangeError(`C must be a positive number, but is ${C}`);
  if (targets.length !== features.rows) {
    throw new RangeError(`there are ${features.rows} rows of features but ${targets.length} targets`);
  }
  checkMatrix(features, "the features");
  const { positives, negatives } = countTargets(targets);
  if (positives === 0 || negatives === 0) return null;
  const gram = options.gram ?? gramMatrix(features);
  const objective = new LogisticObjective(features, targets, { C, gram, positives, used: positives + negatives });
  const { point, iterations, converged } = minimise(objective, { tolerance, maxIterations });
  return { coefficients: point.slice(0, -1), intercept: point.at(-1)!, iterations, converged };
}

/**
 * Predicts P(positive) of each row.
 *
 * @throws RangeError if the number of columns differs from the model's.
 */
export function logisticProbabilities(model: LogisticModel, { values, rows, columns }: Matrix): Float64Array {
  if (columns !== model.coefficients.length) {
    throw new RangeError(`the model takes ${model.coefficients.length} features, but the matrix has ${columns}`);
  }
  return Float64Array.from(
    { length: rows },
    (_, i) => sigmoid(rowDot(values, i * columns, model.coefficients, columns) + model.intercept),
  );
}
