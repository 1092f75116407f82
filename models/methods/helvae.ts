/**
 * HELVAE (Vo and Valera, "Hellinger Multimodal Variational Autoencoders", AISTATS 2026): a joint VAE whose posterior is
 * a moment-matched normal for the Hoelder pool of the views' posteriors with alpha = 0.5,
 *
 *     q(z | X) proportional to (sum_m sqrt q_m(z))^2 = sum_i sum_j sqrt(q_i(z) q_j(z)).
 *
 * Every term is a normal of mean mu_ij and variance v_ij whose mass is the Bhattacharyya coefficient S_ij of the two
 * posteriors, taken over all latent dimensions:
 *
 *     mu_ij = (mu_i / v_i + mu_j / v_j) / (1 / v_i + 1 / v_j),    v_ij = 2 / (1 / v_i + 1 / v_j),
 *     S_ij = prod_d sqrt(2 s_i s_j / (v_i + v_j)) exp(-(mu_i - mu_j)^2 / (4 (v_i + v_j))),    s^2 = v,    S_ii = 1,
 *     mu = sum_ij S_ij mu_ij / sum_ij S_ij,    v = sum_ij S_ij (v_ij + (mu_ij - mu)^2) / sum_ij S_ij.
 *
 * The objective is the ELBO with KL(q || N(0, I)) counted once. The authors' code subtracts mu^2 from the second moment
 * and clamps at 1e-8; the central form above is the same number without the cancellation, so that nothing is clamped.
 *
 * @module
 */
import {
  add,
  div,
  exp,
  log,
  maximum,
  mul,
  reshape,
  sigmoid,
  softplus,
  square,
  sub,
  sum,
  type Tensor,
  type TensorLike,
  where,
} from "../../runtime/mod.ts";
import type { Posterior } from "../networks/network.ts";
import { viewOf } from "../view_of.ts";
import { jointLatents } from "./joint.ts";
import type { AggregateContext, Method } from "./method.ts";

/** One or both of the terms sqrt(q_i q_j) and sqrt(q_j q_i): their normal, [N, D], and their mass, [N, 1]. */
interface Term extends Posterior {
  readonly mass: TensorLike;
}

/**
 * The normal with the moments of the pool.
 *
 * @param posterior mu and logvar, [M, N, D].
 * @param options.present 1 where a view is present, [M, N]; a sample without any view gives zeros.
 * @returns mu and logvar, [N, D].
 */
export function hellinger(posterior: Posterior, { present }: Pick<AggregateContext, "present"> = {}): Posterior {
  const [views, samples] = posterior.mu.shape as [number, number, number];
  const shown = (m: number): TensorLike => present ? reshape(viewOf(present, m), [samples, 1]) : 1;
  const experts = Array.from({ length: views }, (_, m): Posterior => {
    const [mu, logvar] = [viewOf(posterior.mu, m), viewOf(posterior.logvar, m)];
    // What a missing view contains must not spread as NaN.
    const kept = (x: Tensor) => present ? where(shown(m), { then: x, otherwise: 0 }) : x;
    return { mu: kept(mu), logvar: kept(logvar) };
  });
  const terms = experts.flatMap((a, i): Term[] => [
    { ...a, mass: shown(i) },
    ...experts.slice(i + 1).map((b, k) => {
      const both = overlap(a, b);
      return { ...both, mass: present ? mul(mul(shown(i), shown(i + 1 + k)), both.mass) : both.mass };
    }),
  ]);
  const total = terms.map(({ mass }) => mass).reduce((a, b) => add(a, b), 0);
  const mean = (of: (term: Term) => Tensor) =>
    // A sample without any view has a total of zero.
    div(terms.map((term) => mul(term.mass, of(term))).reduce((a, b) => add(a, b)), maximum(total, 1));
  const mu = mean((term) => term.mu);
  const variance = mean((term) => add(exp(term.logvar), square(sub(term.mu, mu))));
  return { mu, logvar: log(present ? where(total, { then: variance, otherwise: 1 }) : variance) };
}

/** The terms of two views together: their normal and twice their Bhattacharyya coefficient. */
function overlap(a: Posterior, b: Posterior): Term {
  const difference = sub(a.logvar, b.logvar);
  const distance = sub(a.mu, b.mu);
  // log sqrt(2 s_i s_j / (v_i + v_j)) = -1/2 log cosh(difference / 2), written with softplus.
  const widths = mul(0.5, add(sub(mul(0.5, difference), softplus(difference)), Math.LN2));
  const means = div(square(distance), mul(4, add(exp(a.logvar), exp(b.logvar))));
  const coefficient = exp(reshape(sum(sub(widths, means), { axes: 1 }), [a.mu.shape[0]!, 1]));
  return {
    mu: sub(a.mu, mul(sigmoid(difference), distance)),
    logvar: add(sub(a.logvar, softplus(difference)), Math.LN2),
    mass: mul(2, coefficient),
  };
}

export const helvae: Method = {
  name: "helvae",
  title: "HELVAE, a joint VAE with the Hellinger pool of the posteriors",
  prior: "shared",
  privateLatents: "optional",
  paper: { title: "Hellinger Multimodal Variational Autoencoders", url: "https://arxiv.org/abs/2601.06572" },
  latents: (context) => jointLatents(hellinger, { ...context, kl: "once" }),
  aggregate: hellinger,
};
