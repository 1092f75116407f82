/**
 * Temperature scaling (Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017): logits
 * are divided by one temperature, fitted to held-out cases by maximum likelihood. It changes no ranking.
 *
 * @module
 */
import { checkProbabilities } from "./calibration.ts";
import type { ClassProbabilities } from "./multiclass.ts";
import type { BinaryLabel } from "./rank.ts";

/**
 * Probabilities are kept this far from 0 and 1 before their logit is taken: a forest without a vote for a label says 0,
 * whose logit no temperature could correct.
 */
const LEAST_PROBABILITY = 1e-6;

/** Range of fitted temperatures; at its ends the held-out cases are separable, or their probabilities uninformative. */
export const TEMPERATURES = { least: 0.05, most: 20 } as const;

/** Bisections of the inverse temperature, enough for all digits of a float64. */
const BISECTIONS = 60;

function clipped(probability: number): number {
  return Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, probability));
}

function logit(probability: number): number {
  const p = clipped(probability);
  return Math.log(p) - Math.log1p(-p);
}

/**
 * The temperature at which the derivative of a convex negative log-likelihood in the inverse temperature vanishes.
 *
 * @param slope The derivative at an inverse temperature; increasing.
 */
function minimum(slope: (inverse: number) => number): number {
  let [low, high] = [1 / TEMPERATURES.most, 1 / TEMPERATURES.least];
  if (slope(low) >= 0) return TEMPERATURES.most;
  if (slope(high) <= 0) return TEMPERATURES.least;
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  return 2 / (low + high);
}

/**
 * Fits the temperature of one label's probabilities.
 *
 * @returns A number within {@linkcode TEMPERATURES} (above 1 if the probabilities are too extreme), or `null` unless
 * there are cases of both classes.
 * @throws RangeError naming the first probability outside [0, 1] or label out of range.
 */
export function fitTemperature(labels: ArrayLike<BinaryLabel>, probabilities: ArrayLike<number>): number | null {
  checkProbabilities(labels, probabilities);
  // Logits with the sign of the label: the likelihood is the product of sigmoid(margin / T).
  const margins: number[] = [];
  const seen = new Set<BinaryLabel>();
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label === null) continue;
    seen.add(label);
    margins.push(label === 1 ? logit(probabilities[i]!) : -logit(probabilities[i]!));
  }
  if (seen.size < 2) return null;
  return minimum((inverse) => margins.reduce((sum, margin) => sum - margin / (1 + Math.exp(inverse * margin)), 0));
}

/**
 * The probability at a temperature: sigmoid(logit(p) / T).
 *
 * @throws RangeError if the temperature is not positive.
 */
export function atTemperature(probability: number, temperature: number): number {
  checkTemperature(temperature);
  return 1 / (1 + Math.exp(-logit(probability) / temperature));
}

/**
 * Fits the common temperature of exclusive classes, whose logits are the logarithms of their probabilities.
 *
 * @param truth The class of each case.
 * @returns A number within {@linkcode TEMPERATURES}, or `null` without cases.
 * @throws RangeError if the numbers of cases and probabilities do not match.
 */
export function fitClassTemperature(
  truth: ArrayLike<number>,
  { values, classes }: ClassProbabilities,
): number | null {
  if (values.length !== truth.length * classes) {
    throw new RangeError(
      `${truth.length} cases of ${classes} classes need ${truth.length * classes} probabilities, not ${values.length}`,
    );
  }
  if (truth.length === 0) return null;
  const logs = Float64Array.from(values, (p) => Math.log(clipped(p)));
  return minimum((inverse) => {
    let slope = 0;
    for (let i = 0; i < truth.length; i++) {
      const own = logs.subarray(i * classes, (i + 1) * classes);
      const weights = own.map((log) => Math.exp(inverse * log));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      slope += own.reduce((sum, log, k) => sum + log * weights[k]! / total, 0) - own[truth[i]!]!;
    }
    return slope;
  });
}

/**
 * Class probabilities at a temperature: p_k^(1/T), normalised.
 *
 * @throws RangeError if the temperature is not positive.
 */
export function classesAtTemperature(
  { values, classes }: ClassProbabilities,
  temperature: number,
): ClassProbabilities & { readonly values: Float64Array } {
  checkTemperature(temperature);
  const scaled = Float64Array.from(values, (p) => Math.exp(Math.log(clipped(p)) / temperature));
  for (let start = 0; start < scaled.length; start += classes) {
    const own = scaled.subarray(start, start + classes);
    const total = own.reduce((sum, weight) => sum + weight, 0);
    own.forEach((weight, k) => own[k] = weight / total);
  }
  return { values: scaled, classes };
}

function checkTemperature(temperature: number): void {
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new RangeError(`the temperature must be a positive number, but is ${temperature}`);
  }
}
