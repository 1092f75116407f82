/**
 * CLIP's objective (Radford et al., ICML 2021) across views: each view's embedding is to find that of the same study's
 * other view among those of the batch. The temperature is learned.
 *
 * @module
 */
import { add, contrastiveLoss, exp, minimum, reshape, stopGradient, sub } from "../../runtime/mod.ts";
import type { AlignmentMethod } from "./method.ts";

/** The largest factor of the cosines, as in the paper. */
const LARGEST_SCALE = 100;

/** See the module. */
export const clip: AlignmentMethod = {
  name: "clip",
  title: "CLIP: InfoNCE across the views with a learned temperature",
  paper: {
    title: "Learning Transferable Visual Models From Natural Language Supervision",
    url: "https://arxiv.org/abs/2103.00020",
  },
  projector: [256],
  loss({ a, b, ...mask }, { scope, settings: { temperature = 0.07 } }) {
    const logScale = scope.parameter("logit_scale", {
      shape: [1],
      layout: "same",
      initializer: { kind: "constant", value: -Math.log(temperature) },
    });
    // The gradient ignores the limit, so that a scale beyond it can come back.
    const limited = add(logScale, stopGradient(sub(minimum(logScale, Math.log(LARGEST_SCALE)), logScale)));
    return contrastiveLoss(a, b, { scale: reshape(exp(limited), []), ...mask });
  },
};
