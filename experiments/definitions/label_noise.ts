/**
 * The label-noise experiment.
 *
 * @module
 */
import { evaluated } from "./arms.ts";
import type { Experiment } from "../experiment.ts";
import { classifierRun, vaeRun } from "./scales.ts";

const SHARES = [0, 0.1, 0.2, 0.4];
const VAES = ["independent", "mmvm"] as const;

/** How wrong training labels affect probes on VAEs, which are trained without labels, and supervised classifiers. */
export const labelNoise: Experiment = {
  name: "label-noise",
  summary: "probes and classifiers with 0, 10, 20 and 40% of the training labels flipped",
  by: "method",
  table: "macro",
  parts: ({ base }) => [{
    name: `label-noise-${base.dataset}`,
    arms: base.seeds.flatMap((seed) =>
      SHARES.flatMap((share) => {
        const noise = share === 0 ? {} : { labelNoise: { share, seed } };
        return [
          ...VAES.map((method) => evaluated(base, vaeRun(base, method, { seed }), noise)),
          evaluated(base, classifierRun(base, "supervised", { seed, model: { loss: "bce" }, data: noise })),
        ].map((arm) => ({ ...arm, setting: { "label-noise": share } }));
      })
    ),
  }],
};
