/**
 * Logistic regressions of many labels on the same features, spread over workers.
 *
 * @module
 */
import { runJobs } from "../../base/workers.ts";
import { type Gram, gramMatrix } from "./gram_preconditioner.ts";
import { fitLogisticRegression, logisticProbabilities } from "./logistic_regression.ts";
import { checkMatrix, type Matrix } from "./matrix.ts";

/** What all labels share. */
export interface LogisticSetup {
  readonly train: Matrix;
  readonly queries: Matrix;
  readonly C: number | undefined;
}

/** Makes the function that fits one label's targets and predicts the queries. */
export function prepareLogistic(setup: LogisticSetup): (targets: Int8Array) => Float64Array | null {
  let gram: Gram | undefined;
  return (targets) => {
    gram ??= gramMatrix(setup.train);
    const model = fitLogisticRegression(setup.train, targets, { C: setup.C, gram });
    return model === null ? null : logisticProbabilities(model, setup.queries);
  };
}

/** Numbers in all labels' features above which workers pay: about half a second's work. */
const WORTH_WORKERS = 5e6;

/**
 * Fits one logistic regression a label and predicts the queries.
 *
 * @param options.targets Per label, per training row 1, 0, or -1 to leave the row out.
 * @returns Per label P(positive) of each query, or `null` where the label has one class only.
 * @throws RangeError naming NaN features, targets or options out of range.
 */
export async function logisticJobs(
  train: Matrix,
  queries: Matrix,
  options: {
    readonly targets: readonly Int8Array[];
    readonly C?: number | undefined;
    readonly workers?: number | undefined;
  },
): Promise<(Float64Array | null)[]> {
  checkMatrix(train, "The training latents");
  checkMatrix(queries, "The latents to predict");
  const work = train.values.length * options.targets.length;
  return await runJobs(options.targets, {
    module: new URL("./logistic_worker.ts", import.meta.url),
    prepare: prepareLogistic,
    setup: { train, queries, C: options.C },
    workers: options.workers ?? (work > WORTH_WORKERS ? navigator.hardwareConcurrency : 1),
  });
}
