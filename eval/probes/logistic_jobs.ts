/**
 * Fits logistic regressions of several labels on the same features, in workers if that pays off.
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
 * @param options.targets Per label and training row: 1, 0, or -1 to exclude the row.
 * @returns Per label, P(positive) of each query, or `null` if the label has only one class.
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
  checkMatrix(train, "the training latents");
  checkMatrix(queries, "the latents to predict");
  const work = train.values.length * options.targets.length;
  return await runJobs(options.targets, {
    module: new URL("./logistic_worker.ts", import.meta.url),
    prepare: prepareLogistic,
    setup: { train, queries, C: options.C },
    workers: options.workers ?? (work > WORTH_WORKERS ? navigator.hardwareConcurrency : 1),
  });
}
