/**
 * Losses that align the embeddings of two views of the same samples, as compositions that the compiler fuses into a
 * few matrix products and reductions: Barlow Twins, VICReg, InfoNCE, and the cosine.
 *
 * Embeddings a and b are [N, D]. Of samples whose mask is 0 nothing has any influence, on values or gradients.
 *
 * @module
 */
import { tensor } from "../graph/leaf.ts";
import { formatShape } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { matmul } from "./matmul.ts";
import { add, div, equal, maximum, mul, notEqual, reciprocal, relu, sqrt, square, sub, where } from "./pointwise.ts";
import { logsumexp, mean, sum } from "./reduce.ts";
import { reshape } from "./view.ts";

/** Which samples count. */
export interface AlignmentOptions {
  /** 1 where a sample has both views and 0 where not, [N]; all have by default. */
  readonly mask?: Tensor;
}

/** The terms of VICReg, scalars, without their weights. */
export interface VicregTerms {
  /** Mean squared distance of the views' embeddings, over samples and dimensions. */
  readonly invariance: Tensor;
  /** Mean over dimensions and views of max(0, 1 - standard deviation). */
  readonly variance: Tensor;
  /** Sum over views of the squared covariances of different dimensions, divided by D. */
  readonly covariance: Tensor;
}

/** Stands for log(0): large enough to vanish in a sum, small enough to be subtracted without overflow. */
const LOG_NOTHING = -1e30;
/** Keeps the length of a zero vector from dividing by zero. */
const SQUARED_LENGTH = 1e-12;

/**
 * The Barlow Twins loss: with C the cross-correlation matrix of the two views' dimensions over the batch,
 *
 *     sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2
 *
 * Each dimension is standardised with its mean and biased variance (plus 1e-5), as in the authors' code.
 *
 * J. Zbontar, L. Jing, I. Misra, Y. LeCun, S. Deny: Barlow Twins: self-supervised learning via redundancy reduction
 * (ICML 2021).
 *
 * @param options.lambda Weight of the off-diagonal terms; 0.0051 in the paper.
 * @returns A scalar; 0 if no sample counts.
 * @throws {RangeError} unless both embeddings are [N, D] and the mask is [N].
 */
export function barlowTwinsLoss(a: Tensor, b: Tensor, options: AlignmentOptions & { lambda: number }): Tensor {
  const batch = batchOf("barlowTwinsLoss", { a, b, ...options });
  const [left, right] = [a, b].map((x) => {
    const centred = centre(x, batch);
    const variance = div(sum(square(centred), { axes: 0 }), batch.count);
    return mul(centred, reciprocal(sqrt(add(variance, 1e-5))));
  });
  const correlation = div(matmul(left!, right!, { transposeA: true }), batch.count);
  const { row, column } = indices(a.shape[1]!);
  const each = where(equal(row, column), {
    then: square(sub(1, correlation)),
    otherwise: mul(square(correlation), options.lambda),
  });
  return ifAny(batch, sum(each));
}

/**
 * The terms of VICReg: invariance, variance and covariance. Standard deviations are sqrt(variance + 1e-4); variances
 * and covariances are unbiased, as in the authors' code.
 *
 * A. Bardes, J. Ponce, Y. LeCun: VICReg: variance-invariance-covariance regularization for self-supervised learning
 * (ICLR 2022), which weighs the terms by 25, 25 and 1.
 *
 * @throws {RangeError} unless both embeddings are [N, D] and the mask is [N].
 */
export function vicregTerms(a: Tensor, b: Tensor, options: AlignmentOptions = {}): VicregTerms {
  const batch = batchOf("vicregTerms", { a, b, ...options });
  const dimensions = a.shape[1]!;
  const { row, column } = indices(dimensions);
  // One sample has no variance: 0 / 1 then.
  const freedom = typeof batch.count === "number" ? Math.max(batch.count - 1, 1) : maximum(sub(batch.count, 1), 1);
  const spread = [a, b].map((x) => {
    const centred = centre(x, batch);
    const deviation = sqrt(add(div(sum(square(centred), { axes: 0 }), freedom), 1e-4));
    const covariances = div(matmul(centred, centred, { transposeA: true }), freedom);
    return {
      variance: mean(relu(sub(1, deviation))),
      covariance: div(sum(mul(square(covariances), notEqual(row, column))), dimensions),
    };
  });
  const distances = masked(square(sub(a, b)), batch);
  return {
    invariance: div(sum(distances), mul(batch.count, dimensions)),
    variance: ifAny(batch, mul(add(spread[0]!.variance, spread[1]!.variance), 0.5)),
    covariance: add(spread[0]!.covariance, spread[1]!.covariance),
  };
}

/**
 * The symmetric InfoNCE loss of CLIP: the cross-entropy of finding each sample's other view among those of the batch,
 * by the cosines of the embeddings times a scale, averaged over both directions.
 *
 * A. van den Oord, Y. Li, O. Vinyals: Representation learning with contrastive predictive coding (2018). A. Radford et
 * al.: Learning transferable visual models from natural language supervision (ICML 2021).
 *
 * @param options.scale Factor of the cosines, the inverse of the temperature: a scalar.
 * @returns A scalar; 0 if no sample counts.
 * @throws {RangeError} unless both embeddings are [N, D] and the mask is [N].
 */
export function contrastiveLoss(a: Tensor, b: Tensor, options: AlignmentOptions & { scale: Tensor | number }): Tensor {
  const batch = batchOf("contrastiveLoss", { a, b, ...options });
  const { mask } = options;
  const [left, right] = [normalize(a), normalize(b)];
  const samples = a.shape[0]!;
  const logits = mul(matmul(left, right, { transposeB: true }), options.scale);
  const own = mul(sum(mul(left, right), { axes: 1 }), options.scale);
  const among = (axis: 0 | 1) => {
    const there = mask && reshape(mask, axis === 0 ? [samples, 1] : [1, samples]);
    return logsumexp(there ? where(there, { then: logits, otherwise: LOG_NOTHING }) : logits, { axes: axis });
  };
  const losses = sub(mul(add(among(0), among(1)), 0.5), own);
  return div(sum(mask ? where(mask, { then: losses, otherwise: 0 }) : losses), batch.count);
}

/**
 * The cosine of each sample's two embeddings.
 *
 * @returns [N]
 * @throws {RangeError} unless both embeddings have one shape [N, D].
 */
export function cosineSimilarity(a: Tensor, b: Tensor): Tensor {
  batchOf("cosineSimilarity", { a, b });
  return sum(mul(normalize(a), normalize(b)), { axes: 1 });
}

/** The samples of a batch that count. */
interface CountedBatch {
  readonly mask?: Tensor;
  /** Their number, at least 1. */
  readonly count: Tensor | number;
  readonly samples: number;
}

function batchOf(op: string, { a, b, mask }: { a: Tensor; b: Tensor; mask?: Tensor }): CountedBatch {
  const [samples] = a.shape;
  if (a.rank !== 2 || formatShape(a.shape) !== formatShape(b.shape)) {
    throw new RangeError(
      `${op}() needs two embeddings of one shape [N, D], got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  if (!mask) return { count: samples!, samples: samples! };
  if (formatShape(mask.shape) !== formatShape([samples!])) {
    throw new RangeError(`${op}() needs a mask of shape [${samples}], got ${formatShape(mask.shape)}`);
  }
  return { mask, count: maximum(sum(mask), 1), samples: samples! };
}

/** x [N, D], zero where a sample does not count; a NaN there does not spread. */
function masked(x: Tensor, { mask, samples }: CountedBatch): Tensor {
  return mask ? where(reshape(mask, [samples, 1]), { then: x, otherwise: 0 }) : x;
}

/** The differences from the mean over the samples that count, zero for the others. */
function centre(x: Tensor, batch: CountedBatch): Tensor {
  const average = div(sum(masked(x, batch), { axes: 0, keepdims: true }), batch.count);
  return masked(sub(x, average), batch);
}

/** The value, or 0 if no sample counts. */
function ifAny({ mask }: CountedBatch, value: Tensor): Tensor {
  return mask ? where(sum(mask), { then: value, otherwise: 0 }) : value;
}

function normalize(x: Tensor): Tensor {
  return mul(x, reciprocal(sqrt(add(sum(square(x), { axes: 1, keepdims: true }), SQUARED_LENGTH))));
}

/** The numbers of a square matrix's rows, [size, 1], and columns, [1, size]. */
function indices(size: number): { row: Tensor; column: Tensor } {
  const numbers = Array.from({ length: size }, (_, i) => i);
  return { row: tensor(numbers, { shape: [size, 1] }), column: tensor(numbers, { shape: [1, size] }) };
}
