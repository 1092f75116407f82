/**
 * MMVAE+ (Palumbo, Daunhawer and Vogt, "MMVAE+: Enhancing the Generative Quality of Multimodal VAEs without
 * Compromises", ICLR 2023): every view has a private latent w_m, all share z, whose joint posterior is the mixture of
 * the views' posteriors. Where a view n is decoded from the shared latent of another view m, its private latent is
 * drawn from an auxiliary prior r_n with learned scales, so that shared information cannot take the way through w. With
 * one sample per view (K = 1) it maximises
 *
 *     1/M sum_m E_{q(z | x_m) q(w_m | x_m), w_n ~ r_n} [ log p(x_m | z, w_m) + sum_{n != m} log p(x_n | z, w_n)
 *       + beta (log N(z; 0, I) + log N(w_m; 0, I) - log q(z | X) - log q(w_m | x_m)) ],
 *     q(z | X) = 1/M sum_m q(z | x_m).
 *
 * Posteriors, prior and r_n are normal, as everywhere in this project; the paper's experiments use Laplace
 * distributions, for which the derivation is the same. What has a closed form is not estimated: the bracket of beta is
 * -KL(q(z | x_m) || N(0, I)) + log [q(z | x_m) / q(z | X)] - KL(q(w_m | x_m) || N(0, I)), of which only the ratio, at
 * most log M, is taken at the sample. r_n = N(0, diag e^s_n), with s_n = 0 at the start. New views are sampled with w
 * from N(0, I), as in the paper. With missing views, M are the views that a sample has.
 *
 * @module
 */
import {
  aggregate,
  div,
  exp,
  full,
  klStandardNormal,
  logMixtureRatio,
  maximum,
  mul,
  reparameterize,
  reshape,
  stack,
  sub,
  sum,
  type Tensor,
  where,
} from "../../runtime/mod.ts";
import type { Scope } from "../layers/scope.ts";
import { viewOf } from "../view_of.ts";
import type { Decoding, Method } from "./method.ts";
import { joined, privateDims, privatePart, sharedDims, sharedPart } from "./private_latents.ts";

/** Log variances of the auxiliary priors, [P] for each view. */
function auxiliaryPriors(scope: Scope, { views, privateDim }: { views: number; privateDim: number }): Tensor[] {
  const at = scope.child("private_priors");
  return Array.from(
    { length: views },
    (_, m) => at.parameter(`${m}`, { shape: [privateDim], layout: "same", initializer: { kind: "zeros" } }),
  );
}

export const mmvaePlus: Method = {
  name: "mmvae-plus",
  title: "MMVAE+, private latents and a shared one by mixture of experts",
  prior: "shared",
  privateLatents: "own",
  paper: {
    title: "MMVAE+: Enhancing the Generative Quality of Multimodal VAEs without Compromises",
    url: "https://openreview.net/forum?id=sdQGxouELX",
  },
  declare(scope, sizes) {
    auxiliaryPriors(scope, sizes);
  },
  latents({ posterior, noise, present, privateDim = 0, scope, draw }) {
    const [views, samples] = posterior.mu.shape as [number, number, number];
    const masked = present ? { mask: present } : {};
    const shared = sharedPart(posterior, privateDim);
    const z = reparameterize(shared.mu, shared.logvar, { eps: sharedDims(noise, privateDim) });
    const fromNormal = klStandardNormal(posterior.mu, posterior.logvar, masked);
    const each = sub(fromNormal, logMixtureRatio(z, shared, masked));
    const shares = present ? div(present, maximum(sum(present, { axes: 0 }), 1)) : undefined;
    const kl = shares
      ? sum(where(shares, { then: mul(shares, each), otherwise: 0 }), { axes: 0 })
      : div(sum(each, { axes: 0 }), views);
    const { mu, logvar } = privatePart(posterior, privateDim);
    const own = crossed(reparameterize(mu, logvar, { eps: privateDims(noise, privateDim) }), {
      scales: auxiliaryPriors(scope, { views, privateDim }).map((logvar) => exp(mul(0.5, logvar))),
      noise: draw("auxiliary priors", [views, views, samples, privateDim]),
    });
    const decodings = own.map((w, m): Decoding => ({
      z: joined(reshape(viewOf(z, m), [1, samples, z.shape[2]!]), w),
      weight: shares ? viewOf(shares, m) : full([samples], 1 / views),
    }));
    const [first, ...further] = decodings;
    return { ...first!, further, kl };
  },
  aggregate: ({ mu, logvar }, { present, assignment, privateDim = 0 }) => {
    const shared = sharedPart({ mu, logvar }, privateDim);
    return aggregate(shared.mu, shared.logvar, {
      method: "moe",
      ...(present ? { mask: present } : {}),
      ...(assignment ? { assignment } : {}),
    });
  },
  aggregation: "moe",
};

/**
 * The private latents [M, N, P] of each decoding m: of view m its own, of the others draws from their auxiliary priors.
 *
 * @param options.scales Standard deviation of each auxiliary prior, [P].
 * @param options.noise Standard normal, [M, M, N, P], of decoding m and view n.
 */
function crossed(own: Tensor, { scales, noise }: { scales: readonly Tensor[]; noise: Tensor }): Tensor[] {
  return scales.map((_, m) =>
    stack(scales.map((scale, n) => n === m ? viewOf(own, m) : mul(viewOf(viewOf(noise, m), n), scale)))
  );
}
