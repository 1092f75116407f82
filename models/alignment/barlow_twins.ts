/**
 * Barlow Twins (Zbontar et al., ICML 2021) across views: equal dimensions of the views' embeddings are to correlate
 * over the batch, different ones not.
 *
 * @module
 */
import { barlowTwinsLoss } from "../../runtime/mod.ts";
import type { AlignmentMethod } from "./method.ts";

/** See the module. */
export const barlowTwins: AlignmentMethod = {
  name: "barlow-twins",
  title: "Barlow Twins: the cross-correlation of the views' embeddings is to be the identity",
  paper: {
    title: "Barlow Twins: Self-Supervised Learning via Redundancy Reduction",
    url: "https://arxiv.org/abs/2103.03230",
  },
  projector: [256, 256, 256],
  loss({ a, b, ...mask }, { settings: { redundancyWeight = 0.0051 } }) {
    return barlowTwinsLoss(a, b, { lambda: redundancyWeight, ...mask });
  },
};
