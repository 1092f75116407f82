/**
 * Objectives of multimodal VAEs in float64, one sample at a time, as the papers write them. A view's negative
 * log-likelihood is any function of its latent; all of them together stand for the decoders.
 *
 * @module
 */
import { klDivergence, logDensity, logMixtureDensity, type Normal, reparameterized, standardNormal } from "./latent.ts";

/** A view's negative log-likelihood given its latent. */
export type ViewLoss = (z: readonly number[]) => number;

/** A view that a sample has. */
export interface OracleView {
  /** Posterior of the shared latent. */
  readonly shared: Normal;
  /** Posterior of the private latent, of no dimensions for models without one. */
  readonly own: Normal;
  /** Noise of the shared and of the private latent. */
  readonly noise: { readonly shared: readonly number[]; readonly own: readonly number[] };
  /** -log p(x_m | z, w_m) of the latents end to end. */
  readonly loss: ViewLoss;
}

/** The weight of the divergence, and the noise of the joint posterior, for methods that have one. */
interface Terms {
  readonly beta: number;
  readonly jointNoise: readonly number[];
}

const add = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const fromPrior = (q: Normal) => klDivergence(q, standardNormal(q));
const drawn = (q: Normal, eps: readonly number[]) => reparameterized(q, eps);

/** The product of normals, renormalised. */
export function product(experts: readonly Normal[]): Normal {
  const precision = experts[0]!.mu.map((_, d) => add(experts.map((q) => Math.exp(-q.logvar[d]!))));
  return {
    mu: precision.map((total, d) => add(experts.map((q) => q.mu[d]! * Math.exp(-q.logvar[d]!))) / total),
    logvar: precision.map((total) => -Math.log(total)),
  };
}

/** MVTCAE, equation 10: the convex combination of VIB and CVIB, with the views' number M. */
export function mvtcae(views: readonly OracleView[], options: Terms & { alpha: number }): number {
  const { beta, alpha, jointNoise } = options;
  const joint = product(views.map(({ shared }) => shared));
  const z = drawn(joint, jointNoise);
  const conditional = add(views.map(({ shared }) => klDivergence(joint, shared)));
  return (views.length - alpha) / views.length * add(views.map(({ loss }) => loss(z))) +
    beta * ((1 - alpha) * fromPrior(joint) + alpha / views.length * conditional);
}

/** DMVAE: the ELBO of all views, and for every view that with the shared latent of this view alone. */
export function dmvae(views: readonly OracleView[], options: Terms): number {
  const { beta, jointNoise } = options;
  const elbo = (q: Normal, eps: readonly number[]) => {
    const z = drawn(q, eps);
    const losses = views.map(({ own, noise, loss }) => loss([...z, ...drawn(own, noise.own)]));
    return add(losses) + beta * (add(views.map(({ own }) => fromPrior(own))) + fromPrior(q));
  };
  const prior = standardNormal(views[0]!.shared);
  const joint = product([prior, ...views.map(({ shared }) => shared)]);
  return elbo(joint, jointNoise) + add(views.map(({ shared, noise }) => elbo(shared, noise.shared)));
}

/**
 * MMVAE+ with K = 1: the mean over views m of -log p(x_m | z, w_m) - sum_n log p(x_n | z, w~_n) and of the divergence.
 *
 * @param options.auxiliary Log variances of each view's auxiliary prior, and its noise when decoded from view m.
 */
export function mmvaePlus(
  views: readonly OracleView[],
  options: Pick<Terms, "beta"> & {
    auxiliary: readonly { logvar: readonly number[]; noise: readonly (readonly number[])[] }[];
  },
): number {
  const { beta, auxiliary } = options;
  return add(views.map(({ shared, own, noise, loss }, m) => {
    const z = drawn(shared, noise.shared);
    const crossed = views.map((view, n) => {
      if (n === m) return loss([...z, ...drawn(own, noise.own)]);
      const { logvar, noise: eps } = auxiliary[n]!;
      return view.loss([...z, ...drawn({ mu: logvar.map(() => 0), logvar }, eps[m]!)]);
    });
    // In expectation log q(z | X) - log p(z); its closed part is not sampled.
    const ratio = logDensity(z, shared) - logMixtureDensity(z, views.map((view) => view.shared));
    return add(crossed) + beta * (fromPrior(shared) - ratio + fromPrior(own));
  })) / views.length;
}

/** The moment-matched normal of HELVAE, with the terms of the paper's equations 10 and 11. */
export function hellinger(views: readonly Normal[]): Normal {
  const terms = views.flatMap((a) =>
    views.map((b) => {
      const each = a.mu.map((mu, d) => {
        const [va, vb] = [Math.exp(a.logvar[d]!), Math.exp(b.logvar[d]!)];
        return {
          mu: (mu / va + b.mu[d]! / vb) / (1 / va + 1 / vb),
          v: 2 / (1 / va + 1 / vb),
          overlap: Math.sqrt(2 * Math.sqrt(va * vb) / (va + vb)) * Math.exp(-((mu - b.mu[d]!) ** 2) / (4 * (va + vb))),
        };
      });
      return { each, mass: each.reduce((all, { overlap }) => all * overlap, 1) };
    })
  );
  const total = add(terms.map(({ mass }) => mass));
  const mu = views[0]!.mu.map((_, d) => add(terms.map(({ each, mass }) => mass * each[d]!.mu)) / total);
  const second = mu.map((_, d) => add(terms.map(({ each, mass }) => mass * (each[d]!.mu ** 2 + each[d]!.v))) / total);
  return { mu, logvar: second.map((value, d) => Math.log(value - mu[d]! ** 2)) };
}

/** HELVAE: the ELBO of the joint posterior. */
export function helvae(views: readonly OracleView[], { beta, jointNoise }: Terms): number {
  const joint = hellinger(views.map(({ shared }) => shared));
  const z = drawn(joint, jointNoise);
  return add(views.map(({ loss }) => loss(z))) + beta * fromPrior(joint);
}

/**
 * A joint model by products with private latents, as the `split` models of the authors' code: the shared divergence
 * counts once per view, the private ones once each.
 */
export function splitProduct(views: readonly OracleView[], { beta, jointNoise }: Terms): number {
  const joint = product(views.map(({ shared }) => shared));
  const z = drawn(joint, jointNoise);
  const losses = views.map(({ own, noise, loss }) => loss([...z, ...drawn(own, noise.own)]));
  return add(losses) + beta * (views.length * fromPrior(joint) + add(views.map(({ own }) => fromPrior(own))));
}
