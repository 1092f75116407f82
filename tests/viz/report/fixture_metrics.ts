/**
 * Metrics for the fixture, computed independently of the code under test.
 *
 * @module
 */
import type { Evaluation, Interval, LabelMetrics } from "../../../eval/results/results.ts";

/** A normal interval around a value, clipped to the metric's range; all `null` for `null`. */
export function intervalAround(
  value: number | null,
  options: { standardError: number; low?: number; high?: number },
): Interval {
  if (value === null) return { value: null, low: null, high: null };
  const half = 1.96 * options.standardError;
  return { value, low: Math.max(options.low ?? 0, value - half), high: Math.min(options.high ?? 1, value + half) };
}

/** One label's metrics, computed with different formulas than the report's. */
export function labelMetrics(
  options: { label: string; scores: readonly number[] | null; labels: readonly (0 | 1)[] },
): LabelMetrics {
  const { scores, labels } = options;
  const positives = labels.filter((label) => label === 1).length;
  const negatives = labels.length - positives;
  const base = { label: options.label, positives, negatives };
  const none: Interval = { value: null, low: null, high: null };
  if (scores === null || positives === 0 || negatives === 0) {
    return {
      ...base,
      auroc: none,
      averagePrecision: none,
      threshold: null,
      f1: null,
      sensitivityAt90Specificity: null,
      brier: null,
      reliability: [],
    };
  }
  const auroc = countPairs(scores, labels) / (positives * negatives);
  const precision = averagePrecisionOf(scores, labels);
  const q1 = auroc / (2 - auroc);
  const q2 = 2 * auroc * auroc / (1 + auroc);
  const variance = (auroc * (1 - auroc) + (positives - 1) * (q1 - auroc ** 2) + (negatives - 1) * (q2 - auroc ** 2)) /
    (positives * negatives);
  const standardError = Math.sqrt(variance);
  return {
    ...base,
    auroc: intervalAround(auroc, { standardError }),
    averagePrecision: intervalAround(precision, { standardError: standardError * 1.3 }),
    threshold: 0.4,
    f1: f1At(scores, { labels, threshold: 0.4 }),
    sensitivityAt90Specificity: Math.max(0, 2 * auroc - 1) * 0.8,
    brier: scores.reduce((sum, score, i) => sum + (score - labels[i]!) ** 2, 0) / scores.length,
    reliability: reliability(scores, labels),
    calibration: {
      error: 0.125,
      temperature: 1.5,
      scaled: { error: 0.0625, brier: 0.1, reliability: reliability(scores, labels) },
    },
  };
}

/** Macro averages over the labels with both classes. */
export function macroOf(metrics: readonly LabelMetrics[]): Evaluation["macro"] {
  const kept = metrics.filter((metric) => metric.auroc.value !== null);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const standardError = 0.035 / Math.sqrt(kept.length);
  return {
    auroc: intervalAround(kept.length === 0 ? null : mean(kept.map((m) => m.auroc.value!)), { standardError }),
    averagePrecision: intervalAround(kept.length === 0 ? null : mean(kept.map((m) => m.averagePrecision.value!)), {
      standardError,
    }),
    labels: kept.map((metric) => metric.label),
    excluded: metrics.filter((metric) => metric.auroc.value === null).map((metric) => metric.label),
  };
}

/** AUROC from the Mann-Whitney statistic: the rank sum of the positives, with mean ranks for ties. */
function countPairs(scores: readonly number[], labels: readonly (0 | 1)[]): number {
  const sorted = [...scores].sort((a, b) => a - b);
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  sorted.forEach((score, i) => {
    if (!first.has(score)) first.set(score, i + 1);
    last.set(score, i + 1);
  });
  const positive = scores.filter((_, i) => labels[i] === 1);
  const rankSum = positive.reduce((sum, score) => sum + (first.get(score)! + last.get(score)!) / 2, 0);
  return rankSum - positive.length * (positive.length + 1) / 2;
}

/** Average precision: at every distinct threshold, the precision times the increase in recall. */
function averagePrecisionOf(scores: readonly number[], labels: readonly (0 | 1)[]): number {
  const bins = new Map<number, [hits: number, called: number]>();
  scores.forEach((score, i) => {
    const bin = bins.get(score) ?? [0, 0];
    bins.set(score, [bin[0] + labels[i]!, bin[1] + 1]);
  });
  const positives = labels.filter((label) => label === 1).length;
  let [hits, called, sum] = [0, 0, 0];
  for (const score of [...bins.keys()].sort((a, b) => b - a)) {
    const [more, cases] = bins.get(score)!;
    hits += more;
    called += cases;
    sum += more / positives * hits / called;
  }
  return sum;
}

function f1At(scores: readonly number[], options: { labels: readonly (0 | 1)[]; threshold: number }): number {
  const called = options.labels.filter((_, i) => scores[i]! >= options.threshold);
  const hits = called.filter((label) => label === 1).length;
  return 2 * hits / (called.length + options.labels.filter((label) => label === 1).length);
}

function reliability(scores: readonly number[], labels: readonly (0 | 1)[]): LabelMetrics["reliability"] {
  return Array.from({ length: 10 }, (_, bin) => {
    const inside = scores.flatMap((score, i) => Math.min(9, Math.floor(score * 10)) === bin ? [i] : []);
    return {
      predicted: inside.reduce((sum, i) => sum + scores[i]!, 0) / inside.length,
      observed: inside.reduce((sum, i) => sum + labels[i]!, 0) / inside.length,
      count: inside.length,
    };
  }).filter((bin) => bin.count > 0);
}
