/**
 * Joint VAEs: one latent for all views, drawn from an aggregate of their posteriors, from which every view is decoded.
 *
 * - PoE: the product of the views' posteriors, without a prior expert (Wu and Goodman 2018);
 * - MoE: their mixture (Shi et al. 2019); MoPoE: the mixture over all subsets' products (Sutter et al. 2021),
 *   components taken by contiguous slices of the batch as in the authors' code, or by a stratified draw (see
 *   `component_draw.ts`);
 * - AVG: the mean of mu, and the logarithm of the mean variance.
 *
 * The divergence is M x KL(q || N(0, I)), counted once per present view, as published, or once in total.
 *
 * @module
 */
import { aggregate, type AggregateMethod, mul, reparameterizeKl, reshape, slice, sum } from "../../runtime/mod.ts";
import { isMixture } from "./component_draw.ts";
import type { LatentContext, Latents, Method } from "./method.ts";

function joint(aggregation: AggregateMethod, title: string): Method {
  const combine: NonNullable<Method["aggregate"]> = ({ mu, logvar }, { present, assignment }) =>
    aggregate(mu, logvar, {
      method: aggregation,
      ...(present ? { mask: present } : {}),
      ...(assignment ? { assignment } : {}),
    });
  return {
    name: aggregation,
    title,
    prior: "shared",
    privateLatents: "optional",
    latents: (context) => jointLatents(combine, { ...context, kl: context.objective.jointKl }),
    aggregate: combine,
    aggregation,
    samplesComponents: isMixture(aggregation),
  };
}

/**
 * One latent for all views, [1, N, D], drawn from their joint posterior.
 *
 * @param context.kl How often the divergence of the joint posterior from N(0, I) counts.
 */
export function jointLatents(
  combine: NonNullable<Method["aggregate"]>,
  { posterior, noise, present, assignment, kl: counts }: LatentContext & { kl: "views" | "once" },
): Latents {
  const [views, samples, width] = posterior.mu.shape as [number, number, number];
  const { mu, logvar } = combine(posterior, {
    ...(present ? { present } : {}),
    ...(assignment ? { assignment } : {}),
  });
  // Only the first view's noise is used, so that methods can be compared on the same draws.
  const eps = reshape(slice(noise, { starts: [0, 0, 0], sizes: [1, samples, width] }), [samples, width]);
  const { z, kl } = reparameterizeKl(mu, logvar, { eps });
  const times = counts === "once" ? 1 : present ? sum(present, { axes: 0 }) : views;
  return { z: reshape(z, [1, samples, width]), kl: mul(kl, times) };
}

export const poe: Method = joint("poe", "Joint VAE, product of experts");
export const moe: Method = joint("moe", "Joint VAE, mixture of experts");
export const mopoe: Method = joint("mopoe", "Joint VAE, mixture of products of experts");
export const avg: Method = joint("avg", "Joint VAE, averaged posteriors");
