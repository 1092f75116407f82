/**
 * DMVAE (Lee and Pavlovic, "Private-Shared Disentangled Multimodal VAE for Learning of Latent Representations", CVPR
 * workshops 2021): every view has a private latent w_m, all share z, whose joint posterior is the product of the views'
 * posteriors and a prior expert. The objective is the ELBO of all views plus, for every view j, the ELBO in which z is
 * drawn from that view alone, so that each view learns to reconstruct the others:
 *
 *     sum over Q in {q(z | X), q(z | x_1), ..., q(z | x_M)} of
 *       [ sum_m E_{q(w_m | x_m) Q}[-log p(x_m | w_m, z)]
 *         + beta (sum_m KL(q(w_m | x_m) || N(0, I)) + KL(Q || N(0, I))) ],
 *     q(z | X) proportional to N(z; 0, I) prod_m q(z | x_m).
 *
 * The paper's weights of the views' reconstructions are `--view-weights`. One draw of each w_m serves all terms, which
 * leaves the expectation as it is. With missing views, X are the views that a sample has, and so are the j.
 *
 * @module
 */
import {
  add,
  aggregate,
  concat,
  mul,
  ones,
  reparameterizeKl,
  reshape,
  sum,
  type Tensor,
  zeros,
} from "../../runtime/mod.ts";
import type { Posterior } from "../networks/network.ts";
import { viewOf } from "../view_of.ts";
import type { AggregateContext, Method } from "./method.ts";
import { joined, privateDims, privatePart, sharedDims, sharedPart } from "./private_latents.ts";

/** The product of the shared posteriors [M, N, S] and N(0, I). */
function productWithPrior({ mu, logvar }: Posterior, { present }: Pick<AggregateContext, "present">): Posterior {
  const [views, samples, width] = mu.shape as [number, number, number];
  const prior = zeros([1, samples, width]);
  return aggregate(concat([mu, prior], 0), concat([logvar, prior], 0), {
    method: "poe",
    mask: concat([present ?? ones([views, samples]), ones([1, samples])], 0),
  });
}

export const dmvae: Method = {
  name: "dmvae",
  title: "DMVAE, private latents and a shared one by product of experts",
  prior: "shared",
  privateLatents: "own",
  paper: {
    title: "Private-Shared Disentangled Multimodal VAE for Learning of Latent Representations",
    url: "https://arxiv.org/abs/2012.13024",
  },
  latents({ posterior, noise, present, privateDim = 0, draw }) {
    const [views, samples] = posterior.mu.shape as [number, number, number];
    const masked = present ? { mask: present } : {};
    const shared = sharedPart(posterior, privateDim);
    const joint = productWithPrior(shared, present ? { present } : {});
    const width = joint.mu.shape[1]!;
    const ofAll = reparameterizeKl(joint.mu, joint.logvar, { eps: draw("joint", [samples, width]) });
    const ofEach = reparameterizeKl(shared.mu, shared.logvar, { eps: sharedDims(noise, privateDim), ...masked });
    const { mu, logvar } = privatePart(posterior, privateDim);
    const own = reparameterizeKl(mu, logvar, { eps: privateDims(noise, privateDim), ...masked });
    const whole = (z: Tensor) => joined(reshape(z, [1, samples, width]), own.z);
    const elbos = present ? add(1, sum(present, { axes: 0 })) : 1 + views;
    return {
      z: whole(ofAll.z),
      kl: add(add(ofAll.kl, sum(ofEach.kl, { axes: 0 })), mul(elbos, sum(own.kl, { axes: 0 }))),
      further: Array.from({ length: views }, (_, m) => ({
        z: whole(viewOf(ofEach.z, m)),
        ...(present ? { weight: viewOf(present, m) } : {}),
      })),
    };
  },
  aggregate: (posterior, { present, privateDim = 0 }) =>
    productWithPrior(sharedPart(posterior, privateDim), present ? { present } : {}),
};
