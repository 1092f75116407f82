/**
 * Computes all metrics of one classifier's scores on the test studies.
 *
 * @module
 */
import {
  type BootstrapOptions,
  bootstrapRanked,
  bootstrapShare,
  macroSamples,
  percentileInterval,
} from "../metrics/bootstrap.ts";
import { brierScore, reliabilityCurve } from "../metrics/calibration.ts";
import { macroAverage } from "../metrics/multiclass.ts";
import { averagePrecisionOfRanked, bestF1Threshold, f1Score } from "../metrics/precision_recall.ts";
import { calibrateLabels } from "./calibrate.ts";
import { type RankedScores, rankScores } from "../metrics/rank.ts";
import { aurocOfRanked, sensitivityOfRanked } from "../metrics/roc.ts";
import type { Cases, Evaluation, Interval, LabelMetrics } from "../results/results.ts";

type Label = 0 | 1 | null;
/** Per label, the score of each case, or `null` if there is no classifier. */
export type LabelScores = readonly (readonly number[] | null)[];

/** Scores to measure. */
export interface ScoredClassifier {
  readonly labels: readonly string[];
  readonly cases: Cases;
  readonly scores: LabelScores;
  /** Validation studies, on which thresholds are chosen. */
  readonly validation: { readonly labels: readonly (readonly Label[])[]; readonly scores: LabelScores };
  /** True if each case has exactly one label: accuracy is then measured too. */
  readonly exclusive: boolean;
  readonly bootstrap: BootstrapOptions;
}

/** The metrics part of an evaluation. */
export type Measured = Pick<Evaluation, "metrics" | "macro" | "accuracy">;

/** The interval of a label without a classifier. */
const UNDEFINED: Interval = { value: null, low: null, high: null };

/** The metrics of one label, without intervals, from its scores and their ranking. */
function labelMetrics(index: number, ranked: RankedScores | null, classifier: ScoredClassifier): LabelMetrics {
  const truth = classifier.cases.labels[index]!;
  const positives = truth.filter((label) => label === 1).length;
  const counts = {
    label: classifier.labels[index]!,
    positives,
    negatives: truth.filter((label) => label === 0).length,
  };
  const scores = classifier.scores[index] ?? null;
  if (scores === null || ranked === null) {
    return {
      ...counts,
      auroc: UNDEFINED,
      averagePrecision: UNDEFINED,
      threshold: null,
      f1: null,
      sensitivityAt90Specificity: null,
      brier: null,
      reliability: [],
    };
  }
  const validationScores = classifier.validation.scores[index] ?? null;
  const threshold = validationScores &&
    (bestF1Threshold(classifier.validation.labels[index]!, validationScores)?.threshold ?? null);
  return {
    ...counts,
    auroc: { ...UNDEFINED, value: aurocOfRanked(ranked) },
    averagePrecision: { ...UNDEFINED, value: averagePrecisionOfRanked(ranked) },
    threshold,
    f1: threshold === null || positives === 0 ? null : f1Score(truth, scores, { threshold }),
    sensitivityAt90Specificity: sensitivityOfRanked(ranked, scores, { specificity: 0.9 }),
    brier: brierScore(truth, scores),
    reliability: reliabilityCurve(truth, scores),
  };
}

/** Per case, 1 if the label with the highest score is the true one, else 0. */
function rightCases({ cases, scores, labels }: ScoredClassifier): Float64Array {
  return Float64Array.from(cases.studyIds, (id, i) => {
    const truth = labels.flatMap((_, label) => cases.labels[label]![i] === 1 ? [label] : []);
    if (truth.length !== 1) {
      throw new RangeError(`study ${id} has ${truth.length} of the exclusive labels; it must have exactly one`);
    }
    let best = -1;
    for (const [label, given] of scores.entries()) {
      if (given !== null && (best < 0 || given[i]! > scores[best]![i]!)) best = label;
    }
    return best === truth[0] ? 1 : 0;
  });
}

async function measureAccuracy(classifier: ScoredClassifier): Promise<Interval> {
  const right = rightCases(classifier);
  if (right.length === 0) return UNDEFINED;
  const value = right.reduce((sum, is) => sum + is, 0) / right.length;
  return percentileInterval(value, await bootstrapShare(classifier.cases.subjectIds, right, classifier.bootstrap));
}

/**
 * Measures a classifier on the test studies. Per label: AUROC and average precision with patient-level intervals, F1 at
 * the threshold chosen on validation, sensitivity at 90% specificity, Brier score, reliability curve and calibration.
 * Macro averages are over the labels with both classes and a classifier; the others are listed.
 *
 * @throws RangeError naming the label whose scores are NaN, outside [0, 1], or not as many as the cases.
 */
export async function scoreClassifier(classifier: ScoredClassifier): Promise<Measured> {
  const { labels, cases, scores, bootstrap } = classifier;
  if (scores.length !== labels.length || cases.labels.length !== labels.length) {
    throw new RangeError(
      `there are ${labels.length} labels, but scores for ${scores.length} and cases for ${cases.labels.length} of ` +
        `them`,
    );
  }
  // Each label's scores are sorted once, for all of its metrics and resamples.
  const measured = labels.map((label, i) => {
    try {
      const given = scores[i] ?? null;
      const covered = cases.labels[i]!.length;
      if (covered !== cases.subjectIds.length) {
        throw new RangeError(`it covers ${covered} cases, but there are ${cases.subjectIds.length} subjects`);
      }
      const ranked = given && rankScores(cases.labels[i]!, given);
      return { ranked, metrics: labelMetrics(i, ranked, classifier) };
    } catch (error) {
      throw new RangeError(`label "${label}": ${(error as Error).message}`, { cause: error });
    }
  });
  const metrics = measured.map((each) => each.metrics);
  const samples = await bootstrapRanked(cases.subjectIds, measured.map(({ ranked }) => ranked), bootstrap);
  const macro = (metric: "auroc" | "averagePrecision") => {
    const average = macroAverage(labels, metrics.map((m) => m[metric].value));
    const included = metrics.map((m) => m[metric].value !== null);
    return { ...average, interval: percentileInterval(average.value, macroSamples(samples[metric], included)) };
  };
  const [macroAuroc, macroPrecision] = [macro("auroc"), macro("averagePrecision")];
  const calibrations = calibrateLabels({ labels: cases.labels, scores }, classifier);
  return {
    metrics: metrics.map((m, i) => ({
      ...m,
      ...(calibrations[i] ? { calibration: calibrations[i] } : {}),
      auroc: percentileInterval(m.auroc.value, samples.auroc[i]!),
      averagePrecision: percentileInterval(m.averagePrecision.value, samples.averagePrecision[i]!),
    })),
    macro: {
      auroc: macroAuroc.interval,
      averagePrecision: macroPrecision.interval,
      labels: macroAuroc.labels,
      excluded: macroAuroc.excluded,
    },
    ...(classifier.exclusive ? { accuracy: await measureAccuracy(classifier) } : {}),
  };
}

/**
 * Rounds one label's scores to what results.json stores: nine significant digits, and full precision for scores that
 * rounding would make equal. Rounding therefore keeps the ranking, even of very confident scores. All metrics are
 * computed on rounded scores, so that they can be recomputed exactly from the file.
 */
export function storedScores(scores: ArrayLike<number>): number[] {
  const rounded = Array.from(scores, (score) => Number(score.toPrecision(9)));
  const source = new Map<number, number>();
  const ambiguous = new Set<number>();
  for (const [i, value] of rounded.entries()) {
    const known = source.get(value);
    if (known === undefined) source.set(value, scores[i]!);
    else if (known !== scores[i]) ambiguous.add(value);
  }
  return rounded.map((value, i) => ambiguous.has(value) ? scores[i]! : value);
}
