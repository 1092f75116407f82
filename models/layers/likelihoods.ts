/**
 * Likelihoods of views given a decoder's output: of an image by its pixels, of a text by its tokens.
 *
 * @module
 */
import {
  bernoulliNll,
  categoricalMode,
  categoricalNll,
  gaussianNll,
  laplaceNll,
  reshape,
  sigmoid,
  type Tensor,
} from "../../runtime/mod.ts";
import { isText, type ViewTensors } from "../view_inputs.ts";

/** Names of the likelihoods. */
export const LIKELIHOODS = ["laplace", "gaussian", "bernoulli"] as const;

/** A likelihood; the scale is that of the Laplace or normal distribution, in units of the pixel range [0, 1]. */
export interface Likelihood {
  /** Name of the distribution. */
  readonly name: typeof LIKELIHOODS[number];
  /** Scale of the distribution; Bernoulli ignores it. */
  readonly scale: number;
}

/**
 * Negative log-likelihood of each sample, [N]: of an image summed over its pixels, of a text over its tokens before the
 * padding, each with a categorical distribution of its own.
 *
 * @param likelihood That of pixels.
 */
export function negativeLogLikelihood(output: Tensor, view: ViewTensors, likelihood: Likelihood): Tensor {
  if (isText(view)) return categoricalNll(output, view.tokens, { lengths: view.lengths });
  const { name, scale } = likelihood;
  if (name === "laplace") return laplaceNll(output, view, { scale });
  if (name === "gaussian") return gaussianNll(output, view, { scale });
  return bernoulliNll(output, view);
}

/**
 * The mean image of a likelihood, given a decoder's output: the output itself, or for Bernoulli, whose output is
 * logits, its sigmoid.
 */
export function likelihoodMean(output: Tensor, likelihood: Likelihood): Tensor {
  return likelihood.name === "bernoulli" ? sigmoid(output) : output;
}

/** The most probable token at each position of a text, given a decoder's logits [N, 1, L, V]: [N, L]. */
export function probableTokens(logits: Tensor): Tensor {
  const [samples, , length] = logits.shape as [number, number, number];
  return reshape(categoricalMode(logits), [samples, length]);
}
