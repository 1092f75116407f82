/**
 * Probes: classifiers of latents, one a label.
 *
 * @module
 */
import { logisticJobs } from "../probes/logistic_jobs.ts";
import type { Matrix } from "../probes/matrix.ts";
import { type ForestOptions, forestProbabilities } from "../probes/random_forest.ts";
import { fitSoftmaxRegression, softmaxProbabilities } from "../probes/softmax_regression.ts";

/** Which classifier to fit; the defaults are the published protocol's. */
export type Probe =
  | {
    readonly kind: "logistic-regression";
    /** Inverse strength of the penalty, 1 unless given. */
    readonly C?: number;
  }
  | ({ readonly kind: "random-forest" } & Omit<ForestOptions, "seed" | "workers" | "onProgress">);

/** What to fit and how. */
export interface ProbeOptions {
  readonly probe: Probe;
  /** Per label, per training row 1, 0, or -1 to leave the row out. */
  readonly targets: readonly Int8Array[];
  /** True where each row has exactly one label (digits): a logistic regression is then multinomial over the labels. */
  readonly exclusive: boolean;
  /** Seed of a forest; a logistic regression draws nothing. */
  readonly seed: number;
  readonly workers?: number | undefined;
}

/** The class of every row of one-hot targets. */
function classesOf(targets: readonly Int8Array[], rows: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => {
    const positive = targets.flatMap((target, label) => target[row] === 1 ? [label] : []);
    if (positive.length !== 1) {
      throw new RangeError(
        `Training row ${row} has ${positive.length} of the exclusive labels; it must have exactly one.`,
      );
    }
    return positive[0]!;
  });
}

function softmaxByLabel(train: Matrix, queries: Matrix, options: ProbeOptions & { C: number | undefined }) {
  const { targets, C } = options;
  const classes = targets.length;
  const model = fitSoftmaxRegression(train, classesOf(targets, train.rows), { classes, C });
  if (model === null) return targets.map(() => null);
  const { values } = softmaxProbabilities(model, queries);
  return targets.map((target, label) =>
    // A class that the training rows lack is not predicted but only never seen.
    target.includes(1) ? Float64Array.from({ length: queries.rows }, (_, row) => values[row * classes + label]!) : null
  );
}

/**
 * Fits one probe a label and predicts the queries.
 *
 * @returns Per label P(positive) of each query, or `null` where the training rows have one class only.
 * @throws RangeError naming NaN latents, targets or options out of range.
 */
export async function probeProbabilities(
  train: Matrix,
  queries: Matrix,
  options: ProbeOptions,
): Promise<(Float64Array | null)[]> {
  const { probe, targets, seed, workers } = options;
  if (probe.kind === "random-forest") {
    return await forestProbabilities(train, queries, { ...probe, targets, seed, workers });
  }
  if (options.exclusive) return softmaxByLabel(train, queries, { ...options, C: probe.C });
  return await logisticJobs(train, queries, { targets, C: probe.C, workers });
}
