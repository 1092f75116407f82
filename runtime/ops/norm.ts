/**
 * Normalisation: batch norm with dedicated kernels, group and layer norm as compositions of reductions and pointwise
 * ops.
 *
 * Batch norm consists of two ops. The first reads x once and computes each channel's scale and shift (and the
 * moments, for the gradient); the second is pointwise, y = x * scale + shift, so that it fuses with its neighbours.
 * Their vjps work together: the second one's returns the complete gradient of x, including the path through the
 * statistics, and returns the gradients of gamma and beta in place of those of scale and shift. The gradient thus
 * reads dy and x once for the sums and once for dx, without cancellation; for few rows a single kernel does
 * everything. In evaluation, batch norm is a single pointwise op.
 *
 * S. Ioffe, C. Szegedy: Batch normalization (ICML 2015). Y. Wu, K. He: Group normalization (ECCV 2018). J. L. Ba, J.
 * R. Kiros, G. E. Hinton: Layer normalization (2016).
 *
 * @module
 */
import {
  FEW_ROWS,
  lowerBatchNormCoefficients,
  lowerBatchNormFewGradient,
  lowerBatchNormGradient,
  lowerBatchNormStatistics,
  type Rows,
} from "../kernels/norm/norm.ts";
import { apply, defineOp, requireFloat } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { formatShape, normalizeAxes, type Shape, sizeOf, type TensorSpec } from "../graph/shape.ts";
import { add, mul, reciprocal, sqrt, square, stopGradient, sub } from "./pointwise.ts";
import { mean } from "./reduce.ts";
import { reshape } from "./view.ts";

/** Parameters, running statistics and constants of {@link batchNorm2d}. */
export interface BatchNormOptions {
  /** Scale of each channel, [C]. */
  readonly gamma: Tensor;
  /** Shift of each channel, [C]. */
  readonly beta: Tensor;
  /** [C]; in training a state, which every run updates. */
  readonly runningMean: Tensor;
  /** [C]; in training a state, which every run updates. */
  readonly runningVariance: Tensor;
  /** Normalise with the batch's statistics (and update the running ones), or with the running ones. */
  readonly training: boolean;
  /** Weight of the batch in the running statistics (PyTorch's convention); 0.1 by default. */
  readonly momentum?: number;
  /** Added to the variance; 1e-5 by default. */
  readonly epsilon?: number;
  /** Return max(y, 0) instead of y. Its gradient needs a third less memory traffic than that of a separate relu. */
  readonly relu?: boolean;
}

interface StatisticsAttributes {
  readonly momentum: number;
  readonly epsilon: number;
}

interface NormalizeAttributes {
  readonly relu: boolean;
  readonly epsilon: number;
}

interface GradientAttributes {
  readonly relu: boolean;
  /** True if the moments depend on x. */
  readonly training: boolean;
}

function rowsOf(shape: Shape): Rows {
  const channels = shape.at(-1) ?? 1;
  return { rows: sizeOf(shape) / channels, channels };
}

/** scale, shift and moments, of {@link rowsOf} with these channels. */
function coefficientSpecs(channels: number): TensorSpec[] {
  return [[channels], [channels], [2, channels]].map((shape) => ({ shape, dtype: "f32" }));
}

const statisticsOp: Op<StatisticsAttributes> = defineOp({
  name: "batch_norm_statistics",
  infer: ([x]) => coefficientSpecs(x!.shape.at(-1)!),
  mutates: [3, 4],
  lower: ({ inputs: [x], attributes, target, partials }) =>
    lowerBatchNormStatistics(rowsOf(x!.shape), { ...attributes, target, partials }),
  columnSums: () => ({ kind: "moments", relu: false, of: 0, others: [] }),
  // The cotangents are the gradients of gamma and beta; see the module's comment.
  vjp: ({ cotangents: [gamma, beta] }) => [undefined, gamma, beta],
});

const coefficientsOp: Op<{ epsilon: number }> = defineOp({
  name: "batch_norm_coefficients",
  infer: ([mean]) => coefficientSpecs(mean!.shape[0]!),
  lower: ({ inputs: [mean], attributes: { epsilon } }) =>
    lowerBatchNormCoefficients({ channels: mean!.shape[0]!, epsilon }),
});

const normalizeOp: Op<NormalizeAttributes> = defineOp({
  name: "batch_norm",
  infer: ([x]) => [{ shape: x!.shape, dtype: "f32" }],
  pointwise: ([x, scale, shift], { attributes }) => normalized(`(${x} * ${scale} + ${shift})`, attributes),
  normalizes: ({ relu }) => ({ relu }),
  vjp({ inputs: [x, scale, shift], cotangents: [g], attributes, wanted }) {
    if (!g) return [];
    const { relu, epsilon } = attributes;
    const moments = scale!.node.outputs[2]!;
    if (rowsOf(x!.shape).rows <= FEW_ROWS) {
      const [gamma, beta, dx] = apply(fewGradientOp, [g, x!, moments, scale!, shift!], { relu, epsilon });
      return [dx, gamma, beta];
    }
    const how = { relu, training: true };
    const sums = apply(gradientOp, [g, x!, moments, scale!, shift!], how);
    const dx = wanted[0] ? apply(inputGradientOp, [g, x!, scale!, shift!, ...sums.slice(2, 5)], how)[0] : undefined;
    return [dx, sums[0], sums[1]];
  },
});

function normalized(y: string, { relu }: NormalizeAttributes): string {
  // As in relu(), NaN is preserved.
  return relu ? `select(${y}, T(0.0), ${y} <= T(0.0))` : y;
}

/** Batch norm in evaluation. Kernels compute what depends on the channel alone once for many elements. */
const runningOp: Op<NormalizeAttributes> = defineOp({
  name: "batch_norm_running",
  infer: ([x]) => [{ shape: x!.shape, dtype: "f32" }],
  pointwise([x, mean, variance, gamma, beta], { attributes, constant }) {
    const scale = `(${gamma} * (T(1.0) / sqrt(${variance} + ${constant(attributes.epsilon)})))`;
    return normalized(`(${x} * ${scale} + (${beta} - ${mean} * ${scale}))`, attributes);
  },
  vjp({ inputs: [x, mean, variance, gamma, beta], cotangents: [g], attributes: { relu, epsilon }, wanted }) {
    if (!g) return [];
    const [scale, shift, moments] = apply(coefficientsOp, [mean!, variance!, gamma!, beta!], { epsilon });
    const how = { relu, training: false };
    const sums = wanted[3] || wanted[4] ? apply(gradientOp, [g, x!, moments!, scale!, shift!], how) : [];
    const dx = wanted[0] ? apply(inputGradientOp, [g, x!, scale!, shift!], how)[0] : undefined;
    return [dx, undefined, undefined, sums[0], sums[1]];
  },
});

/** Gradients of gamma, beta and x in one kernel, for few rows. */
const fewGradientOp: Op<{ relu: boolean; epsilon: number }> = defineOp({
  name: "batch_norm_few_gradient",
  infer([, x]) {
    const channels: TensorSpec = { shape: [x!.shape.at(-1)!], dtype: "f32" };
    return [channels, channels, { shape: x!.shape, dtype: "f32" }];
  },
  lower: ({ inputs: [, x], attributes }) => lowerBatchNormFewGradient(rowsOf(x!.shape), attributes),
});

/**
 * Gradients of gamma and beta; in training also slope, offset and mean of {@link inputGradientOp}, and the sum of dx
 * over the rows, which is zero.
 */
const gradientOp: Op<GradientAttributes> = defineOp({
  name: "batch_norm_gradient",
  infer([, x], { training }) {
    const channels = x!.shape.at(-1)!;
    return new Array(training ? 6 : 2).fill({ shape: [channels], dtype: "f32" });
  },
  lower: ({ inputs: [, x], attributes, target, partials }) =>
    lowerBatchNormGradient(rowsOf(x!.shape), { ...attributes, target, partials }),
  columnSums: ({ relu }) => ({ kind: "gradient", relu, of: 0, others: relu ? [1, 2, 3, 4] : [1, 2] }),
});

/** dx = dy * scale + (x - mean) * slope + offset in training, dy * scale else. */
const inputGradientOp: Op<GradientAttributes> = defineOp({
  name: "batch_norm_input_gradient",
  infer: ([, x]) => [{ shape: x!.shape, dtype: "f32" }],
  pointwise([g, x, scale, shift, slope, offset, mean], { attributes: { relu, training } }) {
    const dy = relu ? `select(T(0.0), ${g}, ${x} * ${scale} + ${shift} > T(0.0))` : g;
    return training ? `(${dy} * ${scale} + ((${x} - ${mean}) * ${slope} + ${offset}))` : `(${dy} * ${scale})`;
  },
  columnSum: ({ inputs: [, , , , slope] }) => slope?.node.outputs[5],
});

/**
 * Batch normalisation of [N, H, W, C], or of any [..., C], over all axes but the last:
 * y = (x - mean) / sqrt(variance + epsilon) * gamma + beta.
 *
 * In training, the batch's mean and biased variance are used, and every run moves the running statistics, which must
 * be states, towards its mean and unbiased variance by `momentum`. For a single row per channel, which has no
 * unbiased variance, the biased one (0) is used, and y is beta.
 *
 * Only first derivatives are supported.
 *
 * @throws {TypeError | RangeError} naming the argument whose shape, type or value does not fit.
 */
export function batchNorm2d(x: Tensor, options: BatchNormOptions): Tensor {
  const { gamma, beta, runningMean, runningVariance, training, momentum = 0.1, epsilon = 1e-5, relu = false } = options;
  requireFloat("batchNorm2d", [x]);
  if (x.rank < 2) {
    throw new RangeError(`batchNorm2d() needs [..., C] with at least 2 axes, got ${formatShape(x.shape)}`);
  }
  const channels = x.shape.at(-1)!;
  requireVectors("batchNorm2d", { gamma, beta, runningMean, runningVariance }, channels);
  requireEpsilon("batchNorm2d", epsilon);
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new RangeError(`batchNorm2d() needs a momentum from 0 to 1, got ${momentum}`);
  }
  const how = { relu, epsilon };
  if (!training) return apply(runningOp, [x, runningMean, runningVariance, gamma, beta], how)[0]!;
  const [scale, shift] = apply(statisticsOp, [x, gamma, beta, runningMean, runningVariance], { momentum, epsilon });
  return apply(normalizeOp, [x, scale!, shift!], how)[0]!;
}

/**
 * Group normalisation of [N, H, W, C], or of any [N, ..., C]: each sample's channels are split into `groups` groups
 * of neighbours, and each group is normalised over its channels and all positions.
 *
 * @param options.gamma Scale of each channel, [C]; `options.beta` its shift.
 * @throws {TypeError | RangeError} if the channels cannot be split so, or shapes do not fit.
 */
export function groupNorm(
  x: Tensor,
  options: { groups: number; gamma: Tensor; beta: Tensor; epsilon?: number },
): Tensor {
  const { groups, gamma, beta, epsilon = 1e-5 } = options;
  if (x.rank < 2) throw new RangeError(`groupNorm() needs [N, ..., C], got shape ${formatShape(x.shape)}`);
  const channels = x.shape.at(-1)!;
  requireVectors("groupNorm", { gamma, beta }, channels);
  requireEpsilon("groupNorm", epsilon);
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new RangeError(`groupNorm() cannot split ${channels} channels into ${groups} equal groups`);
  }
  const grouped = reshape(x, [x.shape[0]!, -1, groups, channels / groups]);
  const normalized = standardize(grouped, { axes: [1, 3], epsilon });
  const perChannel = (vector: Tensor) => reshape(vector, [groups, channels / groups]);
  return reshape(add(mul(normalized, perChannel(gamma)), perChannel(beta)), x.shape);
}

/**
 * Layer normalisation over the last axes: as many as gamma has, which must have their sizes.
 *
 * @param options.gamma Scale of each element; `options.beta` its shift.
 * @throws {TypeError | RangeError} if shapes do not fit.
 */
export function layerNorm(x: Tensor, options: { gamma: Tensor; beta: Tensor; epsilon?: number }): Tensor {
  const { gamma, beta, epsilon = 1e-5 } = options;
  requireEpsilon("layerNorm", epsilon);
  const wanted = formatShape(x.shape.slice(x.rank - gamma.rank));
  if (gamma.rank < 1 || [gamma, beta].some((vector) => formatShape(vector.shape) !== wanted)) {
    throw new RangeError(
      `layerNorm() needs gamma and beta of the last axes of ${formatShape(x.shape)}, got ${formatShape(gamma.shape)} ` +
        `and ${formatShape(beta.shape)}`,
    );
  }
  const axes = normalizeAxes("layerNorm", { rank: x.rank, axes: gamma.shape.map((_, i) => i - gamma.rank) });
  return add(mul(standardize(x, { axes, epsilon }), gamma), beta);
}

/** (x - mean) / sqrt(variance + epsilon) over axes. */
function standardize(x: Tensor, options: { axes: readonly number[]; epsilon: number }): Tensor {
  const over = { axes: options.axes, keepdims: true };
  // A second pass over the differences removes the rounding error of the first mean, which matters for means far from
  // zero.
  const around = sub(x, stopGradient(mean(x, over)));
  const centred = sub(around, mean(around, over));
  const variance = mean(square(centred), over);
  return mul(centred, reciprocal(sqrt(add(variance, options.epsilon))));
}

function requireVectors(op: string, vectors: Readonly<Record<string, Tensor>>, channels: number): void {
  for (const [name, { shape, dtype }] of Object.entries(vectors)) {
    if (dtype !== "f32" || shape.length !== 1 || shape[0] !== channels) {
      throw new RangeError(`${op}() needs ${name} to be f32 [${channels}], got ${dtype} ${formatShape(shape)}`);
    }
  }
}

function requireEpsilon(op: string, epsilon: number): void {
  if (!(epsilon > 0 && Number.isFinite(epsilon))) {
    throw new RangeError(`${op}() needs a positive epsilon, got ${epsilon}`);
  }
}
