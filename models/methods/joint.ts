/**
 * Joint VAEs: one latent for all views, drawn from an aggregate of their posteriors, from which every view is decoded.
 *
 * - PoE: the product of the views' posteriors, without a prior expert (Wu and Goodman 2018);
 * - MoE: their mixture (Shi et al. 2019); MoPoE: the mixture over all subsets' products (Sutter et al. 2021), components taken by contiguous
 *   slices of the batch as in the authors' code;
 * - AVG: the mean of mu, and the logarithm of the mean variance.
 *
 * The divergence is M x KL(q || N(0, I)), counted once a view as published.
 *
 * @module
 */
import { aggregate, type AggregateMethod, mul, reparameterizeKl, reshape, slice } from "../../runtime/mod.ts";
import type { Method } from "../method.ts";

function joint(method: AggregateMethod, title: string): Method {
  const combine: NonNullable<Method["aggregate"]> = ({ mu, logvar }, { present }) =>
    aggregate(mu, logvar, { method, ...(present ? { mask: present } : {}) });
  return {
    name: method,
    title,
    latents({ posterior, noise, present }) {
      const [views, samples, width] = posterior.mu.shape as [number, number, number];
      const { mu, logvar } = combine(posterior, present ? { present } : {});
      // Only the first view's noise is used, so that methods can be compared on equal draws.
      const eps = reshape(slice(noise, { starts: [0, 0, 0], sizes: [1, samples, width] }), [samples, width]);
      const { z, kl } = reparameterizeKl(mu, logvar, { eps });
      return { z: reshape(z, [1, samples, width]), kl: mul(kl, views) };
    },
    aggregate: combine,
  };
}

export const poe: Method = joint("poe", "Joint VAE, product of experts");
export const moe: Method = joint("moe", "Joint VAE, mixture of experts");
export const mopoe: Method = joint("mopoe", "Joint VAE, mixture of products of experts");
export const avg: Method = joint("avg", "Joint VAE, averaged posteriors");
