/**
 * AUROC in validations during training, by the metrics and probes of the final evaluation, but of pairs rather than
 * studies and without intervals.
 *
 * @module
 */
import type { AurocMeasures, LabelledRows } from "../../training/validation/validation_auroc.ts";
import { auroc } from "../metrics/roc.ts";
import { logisticJobs } from "../probes/logistic_jobs.ts";
import type { Matrix } from "../probes/matrix.ts";

/** Logistic regressions, one a label, and macro AUROC; NaN where no label has both classes, or a latent diverged. */
export const validationAuroc: AurocMeasures = {
  async ofLatents({ train, validation }) {
    if ([train, validation].some(({ values }) => values.length === 0 || !values.every(Number.isFinite))) return NaN;
    const targets = Array.from({ length: train.labelCount }, (_, label) => labelsOf(train, label));
    return macroAuroc(validation, await logisticJobs(matrixOf(train), matrixOf(validation), { targets }));
  },
  ofScores(rows) {
    if (!rows.values.every(Number.isFinite)) return Promise.resolve(NaN);
    const scores = Array.from(
      { length: rows.labelCount },
      (_, label) => Float64Array.from(labelsOf(rows, label), (_, row) => rows.values[row * rows.labelCount + label]!),
    );
    return Promise.resolve(macroAuroc(rows, scores));
  },
};

/** The mean over the labels that have scores and both classes. */
function macroAuroc(rows: LabelledRows, scores: readonly (Float64Array | null)[]): number {
  const each = scores.flatMap((own, label) => {
    const area = own && auroc(Array.from(labelsOf(rows, label), (value) => value < 0 ? null : value), own);
    return area === null ? [] : [area];
  });
  return each.reduce((sum, area) => sum + area, 0) / each.length;
}

function labelsOf({ labels, labelCount }: LabelledRows, label: number): Int8Array {
  return Int8Array.from({ length: labels.length / labelCount }, (_, row) => labels[row * labelCount + label]!);
}

function matrixOf({ values, labels, labelCount }: LabelledRows): Matrix {
  const rows = labels.length / labelCount;
  return { values, rows, columns: values.length / rows };
}
