/**
 * Deterministic autoencoders, one per view, whose latents are aligned by their cosine.
 *
 * The latent is the encoder's mean; nothing is drawn and the variance is not used. The divergence of a sample is
 *
 *     mean over the pairs of views of D (1 - cos(z_m, z_m'))
 *
 * with D latent dimensions: the KL divergence between normal distributions of unit variance around the latents, scaled
 * to the length sqrt(D) that draws from N(0, I) have. It is in nats, so that beta weighs it as it weighs a VAE's.
 *
 * @module
 */
import { add, cosineSimilarity, div, maximum, mul, sub, type Tensor, where, zeros } from "../../runtime/mod.ts";
import { viewOf } from "../view_of.ts";
import type { Method } from "./method.ts";

export const alignedAe: Method = {
  name: "aligned-ae",
  title: "Deterministic autoencoders, one a view, with latents aligned by their cosine",
  prior: "none",
  latents({ posterior: { mu }, present }) {
    const [views, samples, width] = mu.shape as [number, number, number];
    let total: Tensor = zeros([samples]);
    let count: Tensor | number = 0;
    for (let m = 0; m < views; m++) {
      for (let other = m + 1; other < views; other++) {
        const distance = sub(1, cosineSimilarity(viewOf(mu, m), viewOf(mu, other)));
        const both: Tensor | undefined = present && mul(viewOf(present, m), viewOf(present, other));
        total = add(total, both ? where(both, { then: distance, otherwise: 0 }) : distance);
        count = both ? add(count, both) : Number(count) + 1;
      }
    }
    const pairs = typeof count === "number" ? Math.max(count, 1) : maximum(count, 1);
    return { z: mu, kl: mul(div(total, pairs), width) };
  },
};
