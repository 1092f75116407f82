/**
 * Multinomial (softmax) logistic regression with scikit-learn's default objective.
 *
 * @module
 */
import { factorGram, type Gram, gramMatrix } from "./gram_preconditioner.ts";
import { checkMatrix, type Matrix } from "./matrix.ts";
import type { ClassProbabilities } from "../metrics/multiclass.ts";
import type { LogisticOptions } from "./logistic_regression.ts";
import { type ConvexObjective, minimise } from "./newton_cg.ts";

/** A fitted softmax regression: P(class k) is proportional to exp(coefficients[k] . x + intercepts[k]). */
export interface SoftmaxModel {
  /** Number of classes. */
  readonly classes: number;
  /** Number of features. */
  readonly columns: number;
  /** Row-major `classes x columns`. */
  readonly coefficients: Float64Array;
  /** Intercept of each class. */
  readonly intercepts: Float64Array;
  /** Newton steps taken. */
  readonly iterations: number;
  /** Whether the tolerance was reached. */
  readonly converged: boolean;
}

/** Turns logits into probabilities in place and returns log(sum of exponentials). */
function softmaxInPlace(logits: Float64Array): number {
  let highest = -Infinity;
  for (const z of logits) highest = Math.max(highest, z);
  let sum = 0;
  for (let k = 0; k < logits.length; k++) {
    logits[k] = Math.exp(logits[k]! - highest);
    sum += logits[k]!;
  }
  for (let k = 0; k < logits.length; k++) logits[k]! /= sum;
  return highest + Math.log(sum);
}

/** Writes each class's logit of row `row`; the weights are `classes x (columns + 1)` with intercepts last. */
function rowLogits(
  logits: Float64Array,
  weights: Float64Array,
  { features, row }: { features: Matrix; row: number },
): void {
  const { values, columns } = features;
  const start = row * columns;
  for (let k = 0; k < logits.length; k++) {
    const offset = k * (columns + 1);
    let sum = weights[offset + columns]!;
    for (let j = 0; j < columns; j++) sum += weights[offset + j]! * values[start + j]!;
    logits[k] = sum;
  }
}

/** Adds scale[k] times the row (and its intercept's 1) to class k's weights. */
function addOuter(sum: Float64Array, scale: Float64Array, { features, row }: { features: Matrix; row: number }): void {
  const { values, columns } = features;
  const start = row * columns;
  for (let k = 0; k < scale.length; k++) {
    const offset = k * (columns + 1);
    const factor = scale[k]!;
    for (let j = 0; j < columns; j++) sum[offset + j]! += factor * values[start + j]!;
    sum[offset + columns]! += factor;
  }
}

/**
 * The objective. It is invariant under a common shift of all intercepts; the gradient is orthogonal to that direction,
 * so that the iterates from zero keep the intercepts' sum at zero, which is scikit-learn's solution.
 */
class SoftmaxObjective implements ConvexObjective {
  readonly size: number;
  readonly #features: Matrix;
  readonly #targets: ArrayLike<number>;
  readonly #classes: number;
  readonly #C: number;
  readonly #solve: ReturnType<typeof factorGram>;
  /** Class probabilities of each row at the last evaluated point. */
  readonly #probabilities: Float64Array;

  constructor(
    features: Matrix,
    targets: ArrayLike<number>,
    { C, classes, gram }: { C: number; classes: number; gram: Gram },
  ) {
    this.size = classes * (features.columns + 1);
    this.#features = features;
    this.#targets = targets;
    this.#classes = classes;
    this.#C = C;
    this.#solve = factorGram(gram, C / classes * (1 - 1 / classes));
    this.#probabilities = new Float64Array(features.rows * classes);
  }

  #addPenalty(sum: Float64Array, weights: Float64Array): void {
    const width = this.#features.columns + 1;
    for (let i = 0; i < sum.length; i++) if (i % width !== width - 1) sum[i]! += weights[i]!;
  }

  evaluate(point: Float64Array, gradient: Float64Array): number {
    const features = this.#features;
    gradient.fill(0);
    const scale = new Float64Array(this.#classes);
    let loss = 0;
    for (let row = 0; row < features.rows; row++) {
      const target = this.#targets[row]!;
      const p = this.#probabilities.subarray(row * this.#classes, (row + 1) * this.#classes);
      rowLogits(p, point, { features, row });
      const logit = p[target]!;
      loss += softmaxInPlace(p) - logit;
      for (let k = 0; k < p.length; k++) scale[k] = this.#C * (p[k]! - (k === target ? 1 : 0));
      addOuter(gradient, scale, { features, row });
    }
    this.#addPenalty(gradient, point);
    let squares = 0;
    const width = features.columns + 1;
    for (let i = 0; i < point.length; i++) if (i % width !== width - 1) squares += point[i]! ** 2;
    return squares / 2 + this.#C * loss;
  }

  hessianTimes(direction: Float64Array, product: Float64Array): void {
    const features = this.#features;
    product.fill(0);
    const scale = new Float64Array(this.#classes);
    for (let row = 0; row < features.rows; row++) {
      const p = this.#probabilities.subarray(row * this.#classes, (row + 1) * this.#classes);
      rowLogits(scale, direction, { features, row });
      let mean = 0;
      for (let k = 0; k < p.length; k++) mean += p[k]! * scale[k]!;
      for (let k = 0; k < p.length; k++) scale[k] = this.#C * p[k]! * (scale[k]! - mean);
      addOuter(product, scale, { features, row });
    }
    this.#addPenalty(product, direction);
  }

  precondition(residual: Float64Array, solution: Float64Array): void {
    for (let k = 0; k < this.#classes; k++) this.#solve(residual, solution, k * (this.#features.columns + 1));
  }
}

/**
 * Fits a softmax regression by minimising ||W||^2 / 2 + C sum of log losses with unpenalised intercepts: the objective
 * of scikit-learn's multinomial `LogisticRegression()`.
 *
 * @param features One row per case.
 * @param targets Class of each row, an integer in [0, classes).
 * @param options.classes Number of classes, 2 or more; a class without rows gets probabilities near zero.
 * @returns The model, or `null` if the targets have only one class.
 * @throws RangeError naming NaN features, targets out of range, or an option out of range.
 */
export function fitSoftmaxRegression(
  features: Matrix,
  targets: ArrayLike<number>,
  options: LogisticOptions & { readonly classes: number },
): SoftmaxModel | null {
  const { C = 1, tolerance = 1e-6, maxIterations = 100, classes } = options;
  if (!(C > 0 && C < Infinity)) throw new RangeError(`C must be a positive number, but is ${C}`);
  if (targets.length !== features.rows) {
    throw new RangeError(`there are ${features.rows} rows of features but ${targets.length} targets`);
  }
  checkMatrix(features, "the features");
  const present = new Set<number>();
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i]!;
    if (!Number.isInteger(target) || target < 0 || target >= classes) {
      throw new RangeError(`the class of row ${i} is ${target}; it must be an integer in [0, ${classes})`);
    }
    present.add(target);
  }
  if (present.size < 2) return null;
  const gram = options.gram ?? gramMatrix(features);
  const objective = new SoftmaxObjective(features, targets, { C, classes, gram });
  const { point, iterations, converged } = minimise(objective, { tolerance, maxIterations });
  const { columns } = features;
  const coefficients = new Float64Array(classes * columns);
  const intercepts = new Float64Array(classes);
  for (let k = 0; k < classes; k++) {
    coefficients.set(point.subarray(k * (columns + 1), k * (columns + 1) + columns), k * columns);
    intercepts[k] = point[k * (columns + 1) + columns]!;
  }
  return { classes, columns, coefficients, intercepts, iterations, converged };
}

/**
 * Class probabilities of each row.
 *
 * @throws RangeError if the number of columns differs from that of the model.
 */
export function softmaxProbabilities(
  model: SoftmaxModel,
  features: Matrix,
): ClassProbabilities & { readonly values: Float64Array } {
  if (features.columns !== model.columns) {
    throw new RangeError(`the model takes ${model.columns} features, but the matrix has ${features.columns}`);
  }
  const { classes, columns } = model;
  const weights = new Float64Array(classes * (columns + 1));
  for (let k = 0; k < classes; k++) {
    weights.set(model.coefficients.subarray(k * columns, (k + 1) * columns), k * (columns + 1));
    weights[k * (columns + 1) + columns] = model.intercepts[k]!;
  }
  const values = new Float64Array(features.rows * classes);
  for (let row = 0; row < features.rows; row++) {
    const p = values.subarray(row * classes, (row + 1) * classes);
    rowLogits(p, weights, { features, row });
    softmaxInPlace(p);
  }
  return { values, classes };
}
