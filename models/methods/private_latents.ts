/**
 * Latents of which the last dimensions are private to their view: the `split` variants of the authors' code for the
 * MMVM VAE (Sutter et al., "Unity by Diversity", NeurIPS 2024, baselines).
 *
 * Of a view's D latent dimensions the first D - P are shared and the last P private. A method treats the shared part as
 * it otherwise treats the whole latent; the private part is an ordinary VAE's, with the prior N(0, I), and only its own
 * view is decoded from it:
 *
 *     x_m ~ p(x_m | z_s, w_m),    divergence = (the method's, of the shared parts) + sum_m KL(q(w_m | x_m) || N(0, I))
 *
 * Networks and files are those of the method without a private part.
 *
 * @module
 */
import { add, broadcastTo, concat, reparameterizeKl, slice, sum, type Tensor } from "../../runtime/mod.ts";
import type { Posterior } from "../networks/network.ts";
import type { Method } from "./method.ts";

/**
 * How many of a model's last latent dimensions are private to their view: the given number, or by default half of them
 * (rounded down) for methods that are defined by private latents, and none for others.
 *
 * @throws {RangeError} if the method has no private latents, or the views would share none.
 */
export function privateDimOf(method: Method, sizes: { privateDim?: number | undefined; latentDim: number }): number {
  const { name, privateLatents } = method;
  const { privateDim: given, latentDim } = sizes;
  const least = privateLatents === "own" ? 1 : 0;
  const privateDim = given ?? (privateLatents === "own" ? Math.floor(latentDim / 2) : 0);
  if (privateLatents === undefined && privateDim !== 0) {
    throw new RangeError(`method ${name} has no latents that are private to a view, so the private dimensions are 0`);
  }
  if (latentDim <= least) {
    throw new RangeError(
      `method ${name} needs at least ${least + 1} latent dimensions, a shared and a private one, got ${latentDim}`,
    );
  }
  if (Number.isInteger(privateDim) && privateDim >= least && privateDim < latentDim) return privateDim;
  throw new RangeError(
    `method ${name} takes ${least} to ${latentDim - 1} private of ${latentDim} latent dimensions, not ${privateDim}`,
  );
}

/** A method of which the last `privateDim` dimensions of the context are private. */
export function withPrivateLatents(method: Method): Method {
  const { aggregate } = method;
  return {
    ...method,
    latents({ posterior, noise, privateDim = 0, ...context }) {
      const { present } = context;
      const { z: shared, kl, ...rest } = method.latents({
        ...context,
        posterior: sharedPart(posterior, privateDim),
        noise: sharedDims(noise, privateDim),
      });
      const { mu, logvar } = privatePart(posterior, privateDim);
      const eps = privateDims(noise, privateDim);
      const own = reparameterizeKl(mu, logvar, { eps, ...(present ? { mask: present } : {}) });
      return { ...rest, z: joined(shared, own.z), kl: add(kl, sum(own.kl, { axes: 0 })) };
    },
    ...(aggregate
      ? {
        aggregate: (posterior, { privateDim = 0, ...context }) => aggregate(sharedPart(posterior, privateDim), context),
      }
      : {}),
  };
}

/** The shared part of posteriors, without the last `privateDim` dimensions. */
export function sharedPart({ mu, logvar }: Posterior, privateDim: number): Posterior {
  return { mu: sharedDims(mu, privateDim), logvar: sharedDims(logvar, privateDim) };
}

/** The private part of posteriors: the last `privateDim` dimensions. */
export function privatePart({ mu, logvar }: Posterior, privateDim: number): Posterior {
  return { mu: privateDims(mu, privateDim), logvar: privateDims(logvar, privateDim) };
}

/** The first dimensions of the last axis, without the last `privateDim`. */
export function sharedDims(x: Tensor, privateDim: number): Tensor {
  if (privateDim === 0) return x;
  return slice(x, { starts: x.shape.map(() => 0), sizes: [...x.shape.slice(0, -1), x.shape.at(-1)! - privateDim] });
}

/** The last `privateDim` dimensions of the last axis. */
export function privateDims(x: Tensor, privateDim: number): Tensor {
  const starts = x.shape.map((size, axis) => axis === x.shape.length - 1 ? size - privateDim : 0);
  return slice(x, { starts, sizes: [...x.shape.slice(0, -1), privateDim] });
}

/** Latents [M, N, D] of a shared part, [M, N, S] or [1, N, S] for all views, and a private part [M, N, P]. */
export function joined(shared: Tensor, own: Tensor): Tensor {
  const [views, samples] = own.shape as [number, number, number];
  const each = shared.shape[0] === views ? shared : broadcastTo(shared, [views, samples, shared.shape[2]!]);
  return concat([each, own], 2);
}
