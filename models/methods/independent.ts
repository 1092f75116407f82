/**
 * Independent VAEs that share nothing: one per view, with divergence sum_m KL(q_m || N(0, I)), or of a single view.
 *
 * @module
 */
import { reparameterizeKl, sum } from "../../runtime/mod.ts";
import type { Method } from "./method.ts";

export const independent: Method = {
  name: "independent",
  title: "Independent VAEs, one a view",
  prior: "each",
  latents({ posterior: { mu, logvar }, noise, present }) {
    const { z, kl } = reparameterizeKl(mu, logvar, { eps: noise, ...(present ? { mask: present } : {}) });
    return { z, kl: sum(kl, { axes: 0 }) };
  },
};

export const frontal: Method = { ...independent, name: "frontal", title: "VAE of the frontal view", view: "frontal" };
export const lateral: Method = { ...independent, name: "lateral", title: "VAE of the lateral view", view: "lateral" };
