/**
 * The MMVM VAE (Sutter et al., "Unity by Diversity", NeurIPS 2024): each view keeps its own posterior, and the prior of each view's latent is
 * the mixture of all views' posteriors.
 *
 * The divergence is the pairwise upper bound of KL(q_m || 1/M sum_m' q_m'), annealed from the standard normal prior:
 *
 *     sum_m [ alpha KL(q_m || N(0, I)) + (1 - alpha)/M sum_m' KL(q_m || q_m') ]
 *
 * with gradients through both arguments.
 *
 * @module
 */
import { mmvmKl, reparameterize } from "../../runtime/mod.ts";
import type { Method } from "../method.ts";

export const mmvm: Method = {
  name: "mmvm",
  title: "MMVM VAE: each view's prior is the mixture of all views' posteriors",
  latents({ posterior: { mu, logvar }, noise, alpha, present }) {
    return {
      z: reparameterize(mu, logvar, { eps: noise }),
      kl: mmvmKl(mu, logvar, { alpha, ...(present ? { mask: present } : {}) }),
    };
  },
};
