/**
 * Losses and likelihoods as compositions of pointwise ops and sums, which the compiler fuses into one reduction each.
 *
 * Likelihoods give the negative log-likelihood of each sample, [N], summed over all axes but the first.
 * Classification losses give a scalar mean.
 *
 * @module
 */
import type { Tensor } from "../graph/tensor.ts";
import { abs, add, div, mul, neg, relu, softplus, square, sub } from "./pointwise.ts";
import { logSoftmax, mean, sum } from "./reduce.ts";

/** Sums over every axis but the first. */
function sumSamples(x: Tensor): Tensor {
  return sum(x, { axes: x.shape.map((_, axis) => axis).slice(1) });
}

function requireScale(name: string, scale: number): void {
  if (!(scale > 0 && Number.isFinite(scale))) throw new RangeError(`${name}() needs a positive scale, got ${scale}`);
}

/**
 * -log Laplace(x; mean, scale) = |x - mean| / scale + log(2 scale), summed per sample.
 *
 * @returns [N]
 */
export function laplaceNll(mean: Tensor, x: Tensor, options: { scale: number }): Tensor {
  requireScale("laplaceNll", options.scale);
  return sumSamples(add(div(abs(sub(x, mean)), options.scale), Math.log(2 * options.scale)));
}

/**
 * -log N(x; mean, scale^2) = (x - mean)^2 / (2 scale^2) + log(scale) + log(2 pi) / 2, summed per sample.
 *
 * @returns [N]
 */
export function gaussianNll(mean: Tensor, x: Tensor, options: { scale: number }): Tensor {
  const { scale } = options;
  requireScale("gaussianNll", scale);
  return sumSamples(
    add(mul(square(sub(x, mean)), 1 / (2 * scale * scale)), Math.log(scale) + Math.log(2 * Math.PI) / 2),
  );
}

/**
 * -log Bernoulli(x; sigmoid(logits)) for x in [0, 1], summed per sample: softplus(l) - l x.
 *
 * @returns [N]
 */
export function bernoulliNll(logits: Tensor, x: Tensor): Tensor {
  return sumSamples(elementwiseBce(logits, x));
}

function elementwiseBce(logits: Tensor, target: Tensor): Tensor {
  return sub(softplus(logits), mul(logits, target));
}

/**
 * Binary cross-entropy with logits, averaged over the elements whose mask is 1.
 *
 * @param options.positiveWeight [labels]: factor of each label's positive term.
 * @param options.mask Same shape as the target, 1 where the label counts and 0 where it is unknown; unknown targets
 * may hold any finite value.
 * @returns A scalar; 0 if no label counts.
 */
export function bceWithLogits(
  logits: Tensor,
  target: Tensor,
  options: { positiveWeight?: Tensor; mask?: Tensor } = {},
): Tensor {
  const { positiveWeight, mask } = options;
  // -w t log s(l) - (1 - t) log(1 - s(l)) = (1 - t) l + (1 + (w - 1) t) softplus(-l)
  const loss = positiveWeight
    ? add(
      mul(sub(1, target), logits),
      mul(add(1, mul(sub(positiveWeight, 1), target)), softplus(neg(logits))),
    )
    : elementwiseBce(logits, target);
  if (!mask) return mean(loss);
  // The count is an integer; one half stands in for 0, so that the quotient is 0 if nothing counts.
  const count = sum(mask);
  return div(sum(mul(loss, mask)), add(count, relu(sub(0.5, count))));
}

/**
 * Softmax cross-entropy -sum_k target_k log softmax(logits)_k over the last axis, averaged over the samples. Targets
 * need not sum to one: the published supervised baseline uses multi-hot targets.
 *
 * @returns A scalar.
 */
export function crossEntropy(logits: Tensor, target: Tensor): Tensor {
  return mean(neg(sum(mul(logSoftmax(logits, { axes: -1 }), target), { axes: -1 })));
}
