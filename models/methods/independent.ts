/**
 * Independent VAEs, one a view: nothing is shared, sum_m KL(q_m || N(0, I)).
 *
 * @module
 */
import { reparameterizeKl, sum } from "../../runtime/mod.ts";
import type { Method } from "../method.ts";

export const independent: Method = {
  name: "independent",
  title: "Independent VAEs, one a view",
  latents({ posterior: { mu, logvar }, noise, present }) {
    const { z, kl } = reparameterizeKl(mu, logvar, { eps: noise, ...(present ? { mask: present } : {}) });
    return { z, kl: sum(kl, { axes: 0 }) };
  },
};
