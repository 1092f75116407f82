/**
 * The label-efficiency experiment.
 *
 * @module
 */
import { evaluated } from "./arms.ts";
import type { Experiment } from "../experiment.ts";
import { classifierRun, vaeRun } from "./scales.ts";

const VAES = ["independent", "poe", "mmvm"] as const;

/**
 * How many labels each method needs. Probes and classifiers of one seed use the same patients' labels, in nested
 * subsets.
 */
export const labelEfficiency: Experiment = {
  name: "label-efficiency",
  summary:
    "AUROC against the labelled fraction of the patients: probes on VAEs, and classifiers trained on the same subsets",
  by: "method",
  table: "macro",
  parts: ({ base }) => [{
    name: `label-efficiency-${base.dataset}`,
    arms: base.seeds.flatMap((seed) =>
      base.fractions.flatMap((labelled) => [
        ...VAES.map((method) => evaluated(base, vaeRun(base, method, { seed }), { labelledFractions: [labelled] })),
        evaluated(base, classifierRun(base, "supervised", { seed, model: { loss: "bce" }, training: { labelled } })),
      ])
    ),
  }],
};
