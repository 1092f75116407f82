/**
 * The standard normal distribution.
 *
 * @module
 */

/** The 97.5th percentile: a 95% interval extends this many standard errors to each side. */
export const NORMAL_QUANTILE_975 = 1.959963984540054;

/** erf by its Maclaurin series; for small arguments. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}

/** erfc by Laplace's continued fraction, evaluated backwards; for large positive arguments. */
function erfcFraction(x: number): number {
  let tail = x;
  for (let n = 120; n >= 1; n--) tail = x + n / 2 / tail;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail;
}

/**
 * Two-sided p-value of a standard normal statistic: P(|Z| >= |z|) = erfc(|z| / sqrt 2), to about 1e-13 relative, tails
 * included.
 *
 * @throws RangeError for NaN.
 */
export function twoSidedNormalP(z: number): number {
  if (Number.isNaN(z)) throw new RangeError("the test statistic is NaN, so it has no p-value");
  const x = Math.abs(z) / Math.SQRT2;
  return x < 1.5 ? 1 - erfSeries(x) : erfcFraction(x);
}
