/**
 * Probes: simple classifiers trained on latents, one per label.
 *
 * @module
 */
import { logisticJobs } from "../probes/logistic_jobs.ts";
import type { Matrix } from "../probes/matrix.ts";
import { type ForestOptions, forestProbabilities } from "../probes/random_forest.ts";
import { fitSoftmaxRegression, softmaxProbabilities } from "../probes/softmax_regression.ts";

/** The kind of probe; the defaults are the published protocol's. */
export type Probe =
  | {
    readonly kind: "logistic-regression";
    /** Inverse regularisation strength; 1 by default. */
    readonly C?: number;
  }
  | ({ readonly kind: "random-forest" } & Omit<ForestOptions, "seed" | "workers" | "onProgress">);

/** Options of {@linkcode probeProbabilities}. */
export interface ProbeOptions {
  readonly probe: Probe;
  /** Per label and training row: 1, 0, or -1 to exclude the row. */
  readonly targets: readonly Int8Array[];
  /** True if each row has exactly one label (digits): logistic regression is then multinomial over the labels. */
  readonly exclusive: boolean;
  /** Seed of a forest; logistic regression is deterministic. */
  readonly seed: number;
  readonly workers?: number | undefined;
}

/** Converts one-hot targets to class indices. */
function classesOf(targets: readonly Int8Array[], rows: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => {
    const positive = targets.flatMap((target, label) => target[row] === 1 ? [label] : []);
    if (positive.length !== 1) {
      throw new RangeError(
        `training row ${row} has ${positive.length} of the exclusive labels; it must have exactly one`,
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
    // A class absent from the training rows has no probe.
    target.includes(1) ? Float64Array.from({ length: queries.rows }, (_, row) => values[row * classes + label]!) : null
  );
}

/**
 * Fits one probe per label and predicts the queries.
 *
 * @returns Per label, P(positive) of each query, or `null` if the training rows have only one class.
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
