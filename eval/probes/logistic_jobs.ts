/**
 * Logistic regressions of many labels on the same features, spread over workers.
 *
 * @module
 */
import { runJobs } from "../../base/workers.ts";
import { checkMatrix, type Matrix } from "./matrix.ts";
import { prepareLogistic } from "./prepare_logistic.ts";

/** Feature values over all labels above which starting workers pays off: about half a second of work. */
const WORTH_WORKERS = 5e6;

/**
 * Fits one logistic regression per label and predicts the queries.
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
