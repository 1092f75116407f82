/**
 * The MMVM VAE (Sutter et al., "Unity by Diversity", NeurIPS 2024): each view keeps its own posterior, and the prior of
 * each view's latent is the mixture of all views' posteriors, annealed from the standard normal prior.
 *
 * Its divergence is either the pairwise upper bound that the authors' code computes, with gradients through both
 * arguments,
 *
 *     sum_m [ alpha KL(q_m || N(0, I)) + (1 - alpha)/M sum_m' KL(q_m || q_m') ]
 *
 * or a Monte Carlo estimate of the divergence from the mixture itself, which is how the papers write it; see
 * `mixture_kl.ts`.
 *
 * @module
 */
import { mmvmKl, reparameterize } from "../../runtime/mod.ts";
import type { Method } from "./method.ts";
import { mixtureKl } from "./mixture_kl.ts";

export const mmvm: Method = {
  name: "mmvm",
  title: "MMVM VAE: each view's prior is the mixture of all views' posteriors",
  prior: "annealed",
  privateLatents: "optional",
  latents({ posterior, noise, alpha, present, objective }) {
    const { mu, logvar } = posterior;
    const z = reparameterize(mu, logvar, { eps: noise });
    const options = { alpha, ...(present ? { mask: present } : {}) };
    const kl = objective.prior === "pairwise" ? mmvmKl(mu, logvar, options) : mixtureKl(posterior, { ...options, z });
    return { z, kl };
  },
};
