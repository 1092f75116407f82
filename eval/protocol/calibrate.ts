/**
 * Calibration of a classifier's scores on the test studies, before and after temperature scaling on the validation
 * studies.
 *
 * @module
 */
import { brierScore, expectedCalibrationError, reliabilityCurve } from "../metrics/calibration.ts";
import { atTemperature, classesAtTemperature, fitClassTemperature, fitTemperature } from "../metrics/temperature.ts";
import type { LabelCalibration } from "../results/results.ts";

type Label = 0 | 1 | null;

/** Labels of some studies, and per label their scores, or `null` without a classifier. */
export interface ScoredStudies {
  readonly labels: readonly (readonly Label[])[];
  readonly scores: readonly (readonly number[] | null)[];
}

/** Scores of every label at a temperature. */
interface Scaled {
  readonly temperature: number;
  readonly scores: readonly number[];
}

/**
 * Measures the calibration of each label's scores. Each label has a temperature of its own; mutually exclusive labels
 * that all have a classifier share one, under which their scores still add up to 1.
 *
 * @returns Per label, `undefined` if it has no classifier.
 */
export function calibrateLabels(
  test: ScoredStudies,
  { validation, exclusive }: { validation: ScoredStudies; exclusive: boolean },
): (LabelCalibration | undefined)[] {
  const scaled = exclusive && complete(test) && complete(validation)
    ? scaleTogether(test, validation)
    : test.scores.map((scores, label) => scaleAlone(scores, label, validation));
  return test.labels.map((truth, label) => {
    const scores = test.scores[label];
    if (!scores) return undefined;
    const at = scaled[label] ?? null;
    return {
      error: expectedCalibrationError(truth, scores),
      temperature: at && at.temperature,
      scaled: at && {
        error: expectedCalibrationError(truth, at.scores),
        brier: brierScore(truth, at.scores),
        reliability: reliabilityCurve(truth, at.scores),
      },
    };
  });
}

function complete({ labels, scores }: ScoredStudies): boolean {
  return scores.every((values) => values !== null) && labels.every((truth) => !truth.includes(null));
}

function scaleAlone(scores: readonly number[] | null, label: number, validation: ScoredStudies): Scaled | null {
  const given = validation.scores[label];
  if (!scores || !given) return null;
  const temperature = fitTemperature(validation.labels[label]!, given);
  if (temperature === null) return null;
  return { temperature, scores: scores.map((score) => atTemperature(score, temperature)) };
}

function scaleTogether(test: ScoredStudies, validation: ScoredStudies): (Scaled | null)[] {
  const count = validation.labels[0]!.length;
  const truth = Array.from({ length: count }, (_, i) => validation.labels.findIndex((own) => own[i] === 1));
  const temperature = truth.includes(-1) ? null : fitClassTemperature(truth, byCase(validation));
  if (temperature === null) return test.scores.map(() => null);
  const classes = test.scores.length;
  const { values } = classesAtTemperature(byCase(test), temperature);
  return test.scores.map((scores, label) => ({
    temperature,
    scores: scores!.map((_, i) => values[i * classes + label]!),
  }));
}

/** Scores of all labels, one case after the other. */
function byCase({ scores }: ScoredStudies): { values: Float64Array; classes: number } {
  const classes = scores.length;
  const cases = scores[0]!.length;
  const values = new Float64Array(cases * classes);
  scores.forEach((own, label) => own!.forEach((score, i) => values[i * classes + label] = score));
  return { values, classes };
}
