import { evaluated } from "./arms.ts";
import type { Experiment } from "../experiment.ts";
import { classifierRun, vaeRun } from "./scales.ts";

const VAES = ["independent", "poe", "mmvm"] as const;

/** How many labels each method needs: probes and classifiers of one seed see the same patients' labels, more of them from row to row. */
export const labelEfficiency: Experiment = {
  name: "label-efficiency",
  summary:
    "AUROC against the labelled share of the patients: probes on VAEs, and classifiers trained on the same subsets",
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
