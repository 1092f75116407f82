/**
 * AUROC in validations. How it is measured is given from outside, by `eval/`, which builds on this room.
 *
 * @module
 */

/** Rows with their labels. */
export interface LabelledRows {
  /** Row-major: latents [rows, D], or logits [rows, labels]. */
  readonly values: Float32Array;
  /** 1, 0, or -1 where a label is unknown, [rows, labels]. */
  readonly labels: Int8Array;
  /** Number of labels. */
  readonly labelCount: number;
}

/** Measures macro AUROC, the mean over the labels that have both classes; NaN if none has. */
export interface AurocMeasures {
  /** Of probes trained on one sample's latents and scored on another's. */
  ofLatents(samples: { train: LabelledRows; validation: LabelledRows }): Promise<number>;
  /** Of a classifier's logits. */
  ofScores(rows: LabelledRows): Promise<number>;
}

/** AUROC by name, and the mean of the values that are finite. */
export function meanAuroc(each: readonly (readonly [string, number])[]): Record<string, number> {
  const finite = each.map(([, value]) => value).filter(Number.isFinite);
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  return { ...Object.fromEntries(each), mean };
}
