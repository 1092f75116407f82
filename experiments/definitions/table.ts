import { evaluated } from "./arms.ts";
import type { Experiment } from "../experiment.ts";
import { classifierRun, vaeRun } from "./scales.ts";
import { leadBySeed, verdict } from "./verdict.ts";

/** The VAEs of the published table, in its order. */
export const VAES = ["independent", "avg", "moe", "mopoe", "poe", "mmvm"] as const;

/** All methods by label and view, as the papers' table. */
export const table: Experiment = {
  name: "table",
  summary: "all seven methods by label and view over three seeds, beside the published numbers",
  by: "setting",
  table: "labels",
  published: true,
  parts: ({ base }) => [{
    name: `table-${base.dataset}`,
    arms: base.seeds.flatMap((seed) => [
      evaluated(base, classifierRun(base, "supervised", { seed, model: { loss: "softmax" } })),
      ...VAES.map((method) => evaluated(base, vaeRun(base, method, { seed }))),
      // The published loss makes the labels of a study compete, as only digits do; this one does not.
      ...(base.dataset === "mnist-pairs" ? [] : [{
        ...evaluated(base, classifierRun(base, "supervised", { seed, model: { loss: "bce" } })),
        setting: { loss: "bce" },
      }]),
    ]),
  }],
  conclude: ({ results, comparisons }) => `${leadBySeed(results)}\n\n${verdict(comparisons)}`,
};
