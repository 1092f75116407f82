/**
 * The comparison with methods that are not VAEs.
 *
 * @module
 */
import { evaluated } from "./arms.ts";
import { denseNet } from "./densenet.ts";
import type { Experiment } from "../experiment.ts";
import { classifierRun, vaeRun } from "./scales.ts";
import { leadBySeed } from "./verdict.ts";

/** Autoencoders and methods that align embeddings; all are probed in the same way. */
const UNSUPERVISED = ["independent", "mmvm", "aligned-ae", "barlow-twins", "vicreg", "clip"] as const;

/**
 * The MMVM VAE beside peers on the same encoders, and classifiers on that encoder and on DenseNet-121. Latents of the
 * methods that align embeddings are their encoders' features, which may have more dimensions than a VAE's latents.
 */
export const peers: Experiment = {
  name: "peers",
  summary: "contrastive and predictive peers on the same encoders, and a classifier of the DenseNet-121 class",
  by: "setting",
  table: "labels",
  parts: ({ base }) => [{
    name: `peers-${base.dataset}`,
    arms: base.seeds.flatMap((seed) => [
      ...UNSUPERVISED.map((method) => evaluated(base, vaeRun(base, method, { seed }))),
      evaluated(base, classifierRun(base, "supervised", { seed, model: { loss: "bce" } })),
      ...denseNet(base, seed),
    ]),
  }],
  conclude: ({ results }) => leadBySeed(results),
};
