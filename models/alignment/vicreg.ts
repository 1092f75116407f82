/**
 * VICReg (Bardes et al., ICLR 2022) across views: their embeddings are to be close, with a standard deviation of at
 * least one in every dimension, and no covariance between dimensions.
 *
 * @module
 */
import { add, mul, vicregTerms } from "../../runtime/mod.ts";
import type { AlignmentMethod } from "./method.ts";

/** See the module. */
export const vicreg: AlignmentMethod = {
  name: "vicreg",
  title: "VICReg: close embeddings of the views with variance in, and no covariance between, their dimensions",
  paper: {
    title: "VICReg: Variance-Invariance-Covariance Regularization",
    url: "https://arxiv.org/abs/2105.04906",
  },
  projector: [256, 256, 256],
  loss({ a, b, ...mask }, { settings: { vicregWeights = [25, 25, 1] } }) {
    const { invariance, variance, covariance } = vicregTerms(a, b, mask);
    const [ofInvariance, ofVariance, ofCovariance] = vicregWeights as [number, number, number];
    return add(add(mul(invariance, ofInvariance), mul(variance, ofVariance)), mul(covariance, ofCovariance));
  },
};
