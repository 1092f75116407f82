/**
 * Patient-level bootstrap: intervals and paired differences of AUROC, average precision and accuracy.
 *
 * A resample draws patients with replacement, as many as there are, and takes all cases of each. Cases of one patient
 * are not independent, so resampling cases would make intervals too narrow. Resample b depends only on (seed, b) and
 * the sorted patient ids, so that two classifiers on the same cases share resamples and results do not depend on the
 * number of workers.
 *
 * @module
 */
import type { Interval } from "../results/results.ts";
import { runJobs } from "../../base/workers.ts";
import { type BootstrapJob, type BootstrapSetup, prepareBootstrap, type ResampleBlock } from "./bootstrap_jobs.ts";
import { type BinaryLabel, type RankedScores, rankScores } from "./rank.ts";

/** Options of a bootstrap; the defaults are the protocol's. */
export interface BootstrapOptions {
  /** Number of resamples; 1,000 by default. */
  readonly resamples?: number | undefined;
  /** Seed of the resamples; 0 by default. Classifiers that are compared must share it. */
  readonly seed?: number | undefined;
  /** Number of workers; by default small tasks run in the calling thread. */
  readonly workers?: number | undefined;
}

/** The cases on which classifiers are scored. */
export interface ScoredCases {
  /** The patient of each case. */
  readonly subjectIds: readonly string[];
  /** Per label and case: 1, 0 or `null` (ignored). */
  readonly labels: readonly (readonly BinaryLabel[])[];
}

/** Metrics of every label in every resample; NaN if a resample has only one class or the label has no scores. */
export interface ResampledMetrics {
  /** Area under the ROC curve, by label and resample. */
  readonly auroc: Float64Array[];
  /** Average precision, by label and resample. */
  readonly averagePrecision: Float64Array[];
}

/** Numbers the patients from 0 in sorted order of their ids, so that the order of the cases does not matter. */
export function numberSubjects(subjectIds: readonly string[]): { subjectOf: Int32Array; subjects: number } {
  const numbers = new Map([...new Set(subjectIds)].sort().map((id, i) => [id, i]));
  return { subjectOf: Int32Array.from(subjectIds, (id) => numbers.get(id)!), subjects: numbers.size };
}

/** Innermost loop iterations above which workers are worth starting (about half a second in one thread). */
const WORTH_WORKERS = 2e8;

/** Resamples per job. */
const BLOCK = 50;

async function resample(setup: BootstrapSetup, options: BootstrapOptions): Promise<ResampleBlock> {
  const resamples = options.resamples ?? 1000;
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new RangeError(`the number of resamples must be a positive integer, but is ${resamples}`);
  }
  const jobs: BootstrapJob[] = [];
  for (let first = 0; first < resamples; first += BLOCK) {
    jobs.push({ first, count: Math.min(BLOCK, resamples - first) });
  }
  const work = resamples * setup.subjectOf.length * (setup.ranked.length + (setup.right === null ? 0 : 1));
  const blocks = await runJobs(jobs, {
    module: new URL("./bootstrap_worker.ts", import.meta.url),
    prepare: prepareBootstrap,
    setup,
    workers: options.workers ?? (work > WORTH_WORKERS ? navigator.hardwareConcurrency : 1),
  });
  const join = (pick: (block: ResampleBlock) => Float64Array) => {
    const joined = new Float64Array(resamples);
    for (const [i, block] of blocks.entries()) joined.set(pick(block), i * BLOCK);
    return joined;
  };
  return {
    auroc: setup.ranked.map((_, label) => join((block) => block.auroc[label]!)),
    averagePrecision: setup.ranked.map((_, label) => join((block) => block.averagePrecision[label]!)),
    share: setup.right === null ? new Float64Array() : join((block) => block.share),
  };
}

/**
 * Computes AUROC and average precision of every label in every patient-level resample. 1,000 resamples of 14 labels and
 * 3,000 cases take a few tenths of a second: each label is sorted once, and a resample is a weighted pass over the
 * ranks.
 *
 * @param scores Per label, the score of each case, or `null` if there is no classifier.
 * @throws RangeError for NaN scores, labels out of range or lengths that do not match, naming the label's index.
 */
export async function bootstrapScores(
  cases: ScoredCases,
  scores: readonly (ArrayLike<number> | null)[],
  options: BootstrapOptions = {},
): Promise<ResampledMetrics> {
  if (scores.length !== cases.labels.length) {
    throw new RangeError(`there are ${cases.labels.length} labels but scores for ${scores.length}`);
  }
  const ranked = cases.labels.map((labels, i) => {
    if (labels.length !== cases.subjectIds.length) {
      throw new RangeError(
        `label ${i} covers ${labels.length} cases, but there are ${cases.subjectIds.length} subjects`,
      );
    }
    const given = scores[i] ?? null;
    if (given === null) return null;
    try {
      return rankScores(labels, given);
    } catch (error) {
      throw new RangeError(`label number ${i}: ${(error as Error).message}`);
    }
  });
  return await bootstrapRanked(cases.subjectIds, ranked, options);
}

/** {@linkcode bootstrapScores} of scores that are ranked already. */
export async function bootstrapRanked(
  subjectIds: readonly string[],
  ranked: readonly (RankedScores | null)[],
  options: BootstrapOptions = {},
): Promise<ResampledMetrics> {
  return await resample({ ...numberSubjects(subjectIds), ranked, right: null, seed: options.seed ?? 0 }, options);
}

/**
 * Computes the accuracy in every patient-level resample.
 *
 * @param right Per case, 1 if the prediction was correct, else 0.
 */
export async function bootstrapShare(
  subjectIds: readonly string[],
  right: ArrayLike<number>,
  options: BootstrapOptions = {},
): Promise<Float64Array> {
  const setup = { ...numberSubjects(subjectIds), ranked: [], right: Float64Array.from(right), seed: options.seed ?? 0 };
  return (await resample(setup, options)).share;
}

/** The mean over labels in every resample; NaN in resamples where a label has only one class. */
export function macroSamples(samples: readonly Float64Array[], included: readonly boolean[]): Float64Array {
  const used = samples.filter((_, label) => included[label]);
  const mean = new Float64Array(samples[0]?.length ?? 0).fill(used.length === 0 ? NaN : 0);
  for (const values of used) {
    for (let b = 0; b < mean.length; b++) mean[b]! += values[b]! / used.length;
  }
  return mean;
}

/** The defined values, sorted; `null` if fewer than half are defined, too few to be representative. */
function definedSamples(samples: Float64Array): Float64Array | null {
  const defined = samples.filter((value) => !Number.isNaN(value)).sort();
  return defined.length === 0 || 2 * defined.length < samples.length ? null : defined;
}

/** The q-quantile of sorted values, with linear interpolation. */
function quantile(sorted: Float64Array, q: number): number {
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  return low + (place - below) * (sorted[Math.min(below + 1, sorted.length - 1)]! - low);
}

/**
 * Computes a percentile interval from resamples.
 *
 * @param value The metric on the original cases, `null` if undefined.
 * @param samples The metric in each resample; NaN (only one class) is excluded.
 * @param options.confidence Confidence level; 0.95 by default.
 * @returns The interval; its bounds are `null` if the value is `null` or fewer than half of the resamples are defined.
 */
export function percentileInterval(
  value: number | null,
  samples: Float64Array,
  { confidence = 0.95 }: { confidence?: number } = {},
): Interval {
  const defined = value === null ? null : definedSamples(samples);
  if (defined === null) return { value, low: null, high: null };
  const tail = (1 - confidence) / 2;
  return { value, low: quantile(defined, tail), high: quantile(defined, 1 - tail) };
}

/** Differences of means of a few dozen values in [0, 1] that are no larger are what rounding makes of zero. */
const ROUNDING = 64 * Number.EPSILON;

/**
 * Computes a two-sided bootstrap p-value of a difference: twice the smaller fraction of resamples on either side of
 * zero, with one added to each count so that p is never 0. It falls below 0.05 approximately when the 95% percentile
 * interval excludes zero.
 *
 * @param differences The difference in each resample; NaN is excluded.
 * @returns A number in (0, 1], or `null` if fewer than half of the resamples are defined.
 */
export function bootstrapP(differences: Float64Array): number | null {
  const defined = definedSamples(differences);
  if (defined === null) return null;
  let atMost = 0;
  let atLeast = 0;
  for (const difference of defined) {
    if (difference <= ROUNDING) atMost++;
    if (difference >= -ROUNDING) atLeast++;
  }
  return Math.min(1, 2 * (Math.min(atMost, atLeast) + 1) / (defined.length + 1));
}
