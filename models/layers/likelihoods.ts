/**
 * Likelihoods of images given a decoder's output.
 *
 * @module
 */
import { bernoulliNll, gaussianNll, laplaceNll, sigmoid, type Tensor } from "../../runtime/mod.ts";

/** Names of the likelihoods. */
export const LIKELIHOODS = ["laplace", "gaussian", "bernoulli"] as const;

/** A likelihood; the scale is that of the Laplace or normal distribution, in units of the pixel range [0, 1]. */
export interface Likelihood {
  /** Name of the distribution. */
  readonly name: typeof LIKELIHOODS[number];
  /** Scale of the distribution; Bernoulli ignores it. */
  readonly scale: number;
}

/** Negative log-likelihood of each sample, summed over its pixels: [N]. */
export function negativeLogLikelihood(output: Tensor, image: Tensor, likelihood: Likelihood): Tensor {
  const { name, scale } = likelihood;
  if (name === "laplace") return laplaceNll(output, image, { scale });
  if (name === "gaussian") return gaussianNll(output, image, { scale });
  return bernoulliNll(output, image);
}

/**
 * The mean image of a likelihood, given a decoder's output: the output itself, or for Bernoulli, whose output is
 * logits, its sigmoid.
 */
export function likelihoodMean(output: Tensor, likelihood: Likelihood): Tensor {
  return likelihood.name === "bernoulli" ? sigmoid(output) : output;
}
