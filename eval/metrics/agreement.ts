/**
 * Agreement of two binary label sets on the same cases.
 *
 * @module
 */

/** Numbers of cases by both labels: the reference's first, the other's second. */
export interface AgreementCounts {
  /** Positive in both. */
  readonly bothPositive: number;
  /** Positive in the reference only. */
  readonly referenceOnly: number;
  /** Positive in the other only. */
  readonly otherOnly: number;
  /** Negative in both. */
  readonly bothNegative: number;
}

/**
 * Cohen's kappa: agreement beyond what the two prevalences give by chance (Cohen, 1960).
 *
 * @returns A number of at most 1; NaN without cases, or if both sets have only the same one class.
 */
export function cohenKappa(counts: AgreementCounts): number {
  const { bothPositive: a, referenceOnly: b, otherOnly: c, bothNegative: d } = counts;
  const total = a + b + c + d;
  const observed = (a + d) / total;
  const expected = ((a + b) * (a + c) + (c + d) * (b + d)) / (total * total);
  return expected === 1 ? NaN : (observed - expected) / (1 - expected);
}

/** The share of the reference's positives that are positive in the other set; NaN without any. */
export function sensitivityOf({ bothPositive, referenceOnly }: AgreementCounts): number {
  return bothPositive / (bothPositive + referenceOnly);
}

/** The share of the reference's negatives that are negative in the other set; NaN without any. */
export function specificityOf({ bothNegative, otherOnly }: AgreementCounts): number {
  return bothNegative / (bothNegative + otherOnly);
}
