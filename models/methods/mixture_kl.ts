/**
 * The divergence of each view's posterior from the mixture of all views' posteriors, which has no closed form: one draw's estimate.
 *
 * @module
 */
import {
  add,
  klStandardNormal,
  logMixtureDensity,
  mul,
  square,
  sub,
  sum,
  type Tensor,
  where,
} from "../../runtime/mod.ts";
import type { Posterior } from "../networks/network.ts";

const LOG_TWO_PI = Math.log(2 * Math.PI);

/**
 * The regulariser of the MMVM VAE with the mixture prior, a sample each:
 *
 *     sum_m [ alpha KL(q_m || N(0, I)) + (1 - alpha) (log q_m(z_m) - log 1/M sum_m' q_m'(z_m)) ]
 *
 * The second term is unbiased for KL(q_m || 1/M sum_m' q_m'), which is at most the pairwise bound's 1/M sum_m' KL(q_m || q_m') and at most
 * log M; a single draw's value may be negative. Gradients flow through z and through all posteriors.
 *
 * @param posterior mu and logvar, [M, N, D].
 * @param options.z The draws mu + e^(logvar/2) noise, [M, N, D].
 * @param options.mask 1 where a view is there, [M, N]; the mixture is then over those.
 * @returns [N]
 */
export function mixtureKl(
  posterior: Posterior,
  options: { z: Tensor; noise: Tensor; alpha: Tensor; mask?: Tensor },
): Tensor {
  const { z, noise, alpha, mask } = options;
  const masked = mask ? { mask } : {};
  // With z standardised by its own posterior being the noise itself, log q_m(z_m) needs no difference of z and mu, and is exact.
  const own = mul(-0.5, sum(add(add(posterior.logvar, square(noise)), LOG_TWO_PI), { axes: -1 }));
  const fromMixture = sub(own, logMixtureDensity(z, posterior, masked));
  const fromNormal = klStandardNormal(posterior.mu, posterior.logvar, masked);
  const each = add(mul(alpha, fromNormal), mul(sub(1, alpha), fromMixture));
  return sum(mask ? where(mask, { then: each, otherwise: 0 }) : each, { axes: 0 });
}
