/**
 * Averages over labels, and metrics of classifiers with mutually exclusive classes.
 *
 * @module
 */
import { auroc } from "./roc.ts";

/** A mean over labels, with the labels included and excluded. */
export interface MacroAverage {
  /** The mean, or `null` if no label has a value. */
  readonly value: number | null;
  /** Labels with a value. */
  readonly labels: string[];
  /** Labels without a value. */
  readonly excluded: string[];
}

/**
 * Averages one value per label without weights; labels whose value is `null` (undefined with only one class) are
 * excluded and listed.
 *
 * @throws RangeError if the lengths differ, or naming a label whose value is NaN, which a mean must not hide.
 */
export function macroAverage(labels: readonly string[], values: readonly (number | null)[]): MacroAverage {
  if (labels.length !== values.length) {
    throw new RangeError(`there are ${labels.length} labels but ${values.length} values to average`);
  }
  const included: string[] = [];
  const excluded: string[] = [];
  let sum = 0;
  for (const [i, label] of labels.entries()) {
    const value = values[i] ?? null;
    if (value === null) {
      excluded.push(label);
      continue;
    }
    if (Number.isNaN(value)) throw new RangeError(`the value of label "${label}" is NaN and cannot be averaged`);
    included.push(label);
    sum += value;
  }
  return { value: included.length === 0 ? null : sum / included.length, labels: included, excluded };
}

/** Class probabilities of several cases, row-major `cases x classes`. */
export interface ClassProbabilities {
  /** Probabilities, row-major `cases x classes`. */
  readonly values: ArrayLike<number>;
  /** Number of classes. */
  readonly classes: number;
}

function checkClasses(truth: ArrayLike<number>, { values, classes }: ClassProbabilities): void {
  if (!Number.isInteger(classes) || classes < 2 || values.length !== truth.length * classes) {
    throw new RangeError(
      `${truth.length} cases of ${classes} classes need ${truth.length * classes} probabilities, not ${values.length}`,
    );
  }
  for (let i = 0; i < truth.length; i++) {
    if (!Number.isInteger(truth[i]) || truth[i]! < 0 || truth[i]! >= classes) {
      throw new RangeError(`the class of case ${i} is ${truth[i]}; it must be an integer below ${classes}`);
    }
  }
}

/**
 * The most probable class of each case; the first one in case of ties.
 *
 * @throws RangeError naming the first case with a NaN probability.
 */
export function mostProbableClass({ values, classes }: ClassProbabilities): Int32Array {
  const best = new Int32Array(values.length / classes);
  for (let i = 0; i < best.length; i++) {
    for (let k = 0; k < classes; k++) {
      const value = values[i * classes + k]!;
      if (Number.isNaN(value)) throw new RangeError(`the probability of class ${k} of case ${i} is NaN`);
      if (value > values[i * classes + best[i]!]!) best[i] = k;
    }
  }
  return best;
}

/**
 * Computes the fraction of cases whose most probable class is the true one.
 *
 * @param truth The class of each case, an integer in [0, classes).
 * @returns A number in [0, 1], or `null` if there are no cases.
 * @throws RangeError for classes out of range, lengths that do not match, or NaN.
 */
export function accuracy(truth: ArrayLike<number>, probabilities: ClassProbabilities): number | null {
  checkClasses(truth, probabilities);
  const called = mostProbableClass(probabilities);
  let right = 0;
  for (let i = 0; i < called.length; i++) if (called[i] === truth[i]) right++;
  return called.length === 0 ? null : right / called.length;
}

/**
 * Computes the AUROC of each class against the rest, and their unweighted mean.
 *
 * @param truth The class of each case, an integer in [0, classes).
 * @throws RangeError for classes out of range, lengths that do not match, or NaN.
 */
export function oneVersusRestAuroc(
  truth: ArrayLike<number>,
  probabilities: ClassProbabilities,
): { macro: MacroAverage; perClass: (number | null)[] } {
  checkClasses(truth, probabilities);
  const { values, classes } = probabilities;
  const perClass = Array.from({ length: classes }, (_, k) => {
    const labels = Array.from(truth, (c) => c === k ? 1 : 0);
    return auroc(labels, labels.map((_, i) => values[i * classes + k]!));
  });
  return { macro: macroAverage(perClass.map((_, k) => String(k)), perClass), perClass };
}
