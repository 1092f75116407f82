/**
 * MVTCAE (Hwang et al., "Multi-View Representation Learning via Total Correlation Objective", NeurIPS 2021): a joint
 * VAE whose objective maximises the total correlation that the latent explains. With M views, the product of their
 * posteriors q(z | X) without a prior expert, and the weight alpha of the total correlation, it minimises
 *
 *     (M - alpha)/M E_q[sum_m -log p(x_m | z)]
 *       + beta [ (1 - alpha) KL(q(z | X) || N(0, I)) + alpha/M sum_m KL(q(z | X) || q(z | x_m)) ],
 *
 * the convex combination of a variational and of conditional variational information bottlenecks. The sum lets every
 * view's posterior predict the joint one. Alpha is `--tc-ratio`, the name in the authors' code, because `--alpha` is
 * the prior's weight in the MMVM VAE. With missing views, M is the number that a sample has.
 *
 * @module
 */
import {
  add,
  aggregate,
  broadcastTo,
  div,
  klDiagonalNormals,
  maximum,
  mul,
  reparameterizeKl,
  reshape,
  slice,
  sub,
  sum,
  type Tensor,
  where,
} from "../../runtime/mod.ts";
import type { Posterior } from "../networks/network.ts";
import type { AggregateContext, Method } from "./method.ts";

function product({ mu, logvar }: Posterior, { present }: AggregateContext): Posterior {
  return aggregate(mu, logvar, { method: "poe", ...(present ? { mask: present } : {}) });
}

/** KL(joint || q_m) of the views that a sample has, summed, [N]. */
function conditionalKl(joint: Posterior, { posterior, present }: { posterior: Posterior; present?: Tensor }): Tensor {
  const { shape } = posterior.mu;
  const [, samples, width] = shape as [number, number, number];
  const repeated = (x: Tensor) => broadcastTo(reshape(x, [1, samples, width]), shape);
  const q = { mu: repeated(joint.mu), logvar: repeated(joint.logvar) };
  const shown = present ? reshape(present, [...present.shape, 1]) : undefined;
  // What a missing view contains must not spread as NaN.
  const kept = (x: Tensor) => shown ? where(shown, { then: x, otherwise: 0 }) : x;
  const each = klDiagonalNormals(q, { mu: kept(posterior.mu), logvar: kept(posterior.logvar) });
  return sum(present ? where(present, { then: each, otherwise: 0 }) : each, { axes: 0 });
}

export const mvtcae: Method = {
  name: "mvtcae",
  title: "MVTCAE, a joint VAE that maximises total correlation",
  prior: "shared",
  paper: {
    title: "Multi-View Representation Learning via Total Correlation Objective",
    url: "https://proceedings.neurips.cc/paper/2021/hash/65a99bb7a3115fdede20da98b08a370f-Abstract.html",
  },
  latents({ posterior, noise, present, objective: { tcRatio } }) {
    const [views, samples, width] = posterior.mu.shape as [number, number, number];
    const masked = present ? { present } : {};
    const joint = product(posterior, masked);
    // The first view's noise, as in the other joint methods.
    const eps = reshape(slice(noise, { starts: [0, 0, 0], sizes: [1, samples, width] }), [samples, width]);
    const { z, kl } = reparameterizeKl(joint.mu, joint.logvar, { eps });
    const share = div(tcRatio, present ? maximum(sum(present, { axes: 0 }), 1) : views);
    return {
      z: reshape(z, [1, samples, width]),
      weight: broadcastTo(sub(1, share), [samples]),
      kl: add(mul(1 - tcRatio, kl), mul(share, conditionalKl(joint, { posterior, ...masked }))),
    };
  },
  aggregate: product,
  aggregation: "poe",
};
