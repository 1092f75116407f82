/**
 * Single-draw Monte Carlo estimate of the KL divergence of each view's posterior from the mixture of all views'
 * posteriors, which has no closed form.
 *
 * @module
 */
import { add, klStandardNormal, logMixtureRatio, mul, sub, sum, type Tensor, where } from "../../runtime/mod.ts";
import type { Posterior } from "../networks/network.ts";

/**
 * The regulariser of the MMVM VAE with the mixture prior, per sample:
 *
 *     sum_m [ alpha KL(q_m || N(0, I)) + (1 - alpha) (log q_m(z_m) - log 1/M sum_m' q_m'(z_m)) ]
 *
 * The second term is unbiased for KL(q_m || 1/M sum_m' q_m'), which is at most the pairwise bound's 1/M sum_m' KL(q_m
 * || q_m') and at most log M; a single draw's value may be negative. Gradients flow through z and through all
 * posteriors.
 *
 * @param posterior mu and logvar, [M, N, D].
 * @param options.z The draws, z_m from q_m, [M, N, D].
 * @param options.mask 1 where a view is present, [M, N]; the mixture is over the present views.
 * @returns [N]
 */
export function mixtureKl(
  posterior: Posterior,
  options: { z: Tensor; alpha: Tensor; mask?: Tensor },
): Tensor {
  const { z, alpha, mask } = options;
  const masked = mask ? { mask } : {};
  const fromMixture = logMixtureRatio(z, posterior, masked);
  const fromNormal = klStandardNormal(posterior.mu, posterior.logvar, masked);
  const each = add(mul(alpha, fromNormal), mul(sub(1, alpha), fromMixture));
  return sum(mask ? where(mask, { then: each, otherwise: 0 }) : each, { axes: 0 });
}
