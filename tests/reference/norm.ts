/**
 * Batch normalisation in float64, by the textbook formulas.
 *
 * @module
 */

/** An image tensor seen as [rows, channels]. */
export interface Matrix {
  readonly rows: number;
  readonly channels: number;
}

/** Mean and biased variance of each channel, in two passes. */
export function channelMoments(
  x: ArrayLike<number>,
  { rows, channels }: Matrix,
): { mean: Float64Array; variance: Float64Array } {
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += x[r * channels + c]!;
    mean[c] = sum / rows;
    let squares = 0;
    for (let r = 0; r < rows; r++) squares += (x[r * channels + c]! - mean[c]!) ** 2;
    variance[c] = squares / rows;
  }
  return { mean, variance };
}

/** y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, with the moments of x. */
export function batchNorm(
  x: ArrayLike<number>,
  options: Matrix & { gamma: ArrayLike<number>; beta: ArrayLike<number>; epsilon: number },
): Float64Array {
  const { mean, variance } = channelMoments(x, options);
  return normalize(x, { ...options, mean, variance });
}

/** The same with given moments. */
export function normalize(
  x: ArrayLike<number>,
  options: Matrix & {
    gamma: ArrayLike<number>;
    beta: ArrayLike<number>;
    mean: ArrayLike<number>;
    variance: ArrayLike<number>;
    epsilon: number;
  },
): Float64Array {
  const { channels, gamma, beta, mean, variance, epsilon } = options;
  return Float64Array.from({ length: x.length }, (_, i) => {
    const c = i % channels;
    return (x[i]! - mean[c]!) / Math.sqrt(variance[c]! + epsilon) * gamma[c]! + beta[c]!;
  });
}

/** Gradients of sum(dy * y) for y = batchNorm(x) or, with `relu`, max(batchNorm(x), 0). */
export function batchNormGradient(
  options: Matrix & {
    x: ArrayLike<number>;
    dy: ArrayLike<number>;
    gamma: ArrayLike<number>;
    beta: ArrayLike<number>;
    epsilon: number;
    relu: boolean;
  },
): { dx: Float64Array; dgamma: Float64Array; dbeta: Float64Array } {
  const { rows, channels, x, gamma, beta, epsilon, relu } = options;
  const { mean, variance } = channelMoments(x, options);
  const dx = new Float64Array(rows * channels);
  const dgamma = new Float64Array(channels);
  const dbeta = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    const inverse = 1 / Math.sqrt(variance[c]! + epsilon);
    const normalized = (r: number) => (x[r * channels + c]! - mean[c]!) * inverse;
    const gradient = (r: number) =>
      relu && normalized(r) * gamma[c]! + beta[c]! <= 0 ? 0 : options.dy[r * channels + c]!;
    for (let r = 0; r < rows; r++) {
      dbeta[c]! += gradient(r);
      dgamma[c]! += gradient(r) * normalized(r);
    }
    for (let r = 0; r < rows; r++) {
      dx[r * channels + c] = gamma[c]! * inverse *
        (gradient(r) - dbeta[c]! / rows - normalized(r) * dgamma[c]! / rows);
    }
  }
  return { dx, dgamma, dbeta };
}

/**
 * Group normalisation of [N, ..., C]: each sample's groups of neighbouring channels normalised over channels and
 * positions.
 */
export function groupNorm(
  x: ArrayLike<number>,
  options: {
    shape: readonly number[];
    groups: number;
    gamma: ArrayLike<number>;
    beta: ArrayLike<number>;
    epsilon: number;
  },
): Float64Array {
  const { shape, groups, gamma, beta, epsilon } = options;
  const channels = shape.at(-1)!;
  const perSample = x.length / shape[0]!;
  const groupOf = (i: number) => Math.floor(i / perSample) * groups + Math.floor((i % channels) * groups / channels);
  const count = perSample / groups;
  const mean = new Float64Array(shape[0]! * groups);
  const variance = new Float64Array(shape[0]! * groups);
  for (let i = 0; i < x.length; i++) mean[groupOf(i)]! += x[i]! / count;
  for (let i = 0; i < x.length; i++) variance[groupOf(i)]! += (x[i]! - mean[groupOf(i)]!) ** 2 / count;
  return Float64Array.from({ length: x.length }, (_, i) => {
    const group = groupOf(i);
    return (x[i]! - mean[group]!) / Math.sqrt(variance[group]! + epsilon) * gamma[i % channels]! + beta[i % channels]!;
  });
}
