/**
 * The job of a logistic worker: fits the logistic regression of one label.
 *
 * @module
 */
import { type Gram, gramMatrix } from "./gram_preconditioner.ts";
import { fitLogisticRegression, logisticProbabilities } from "./logistic_regression.ts";
import type { Matrix } from "./matrix.ts";

/** Input shared by all labels. */
export interface LogisticSetup {
  readonly train: Matrix;
  readonly queries: Matrix;
  readonly C: number | undefined;
}

/** Returns the function that fits one label and predicts the queries. */
export function prepareLogistic(setup: LogisticSetup): (targets: Int8Array) => Float64Array | null {
  let gram: Gram | undefined;
  return (targets) => {
    gram ??= gramMatrix(setup.train);
    const model = fitLogisticRegression(setup.train, targets, { C: setup.C, gram });
    return model === null ? null : logisticProbabilities(model, setup.queries);
  };
}
