/**
 * The experiment that reproduces the published table.
 *
 * @module
 */
import { isDigits } from "../../data/mod.ts";
import { evaluated } from "./arms.ts";
import type { Experiment } from "../experiment.ts";
import { classifierRun, vaeRun } from "./scales.ts";
import { leadBySeed, verdict } from "./verdict.ts";

/** The VAEs of the published table, in order. */
export const VAES = ["independent", "avg", "moe", "mopoe", "poe", "mmvm"] as const;

/** All methods by label and view, as in the papers' table. */
export const table: Experiment = {
  name: "table",
  summary: "all seven methods by label and view over three seeds, next to the published numbers",
  by: "setting",
  table: "labels",
  published: true,
  parts: ({ base }) => [{
    name: `table-${base.dataset}`,
    arms: base.seeds.flatMap((seed) => [
      evaluated(base, classifierRun(base, "supervised", { seed, model: { loss: "softmax" } })),
      ...VAES.map((method) => evaluated(base, vaeRun(base, method, { seed }))),
      // The published loss treats labels as mutually exclusive, which holds only for digits; this one does not.
      ...(isDigits(base.dataset) ? [] : [{
        ...evaluated(base, classifierRun(base, "supervised", { seed, model: { loss: "bce" } })),
        setting: { loss: "bce" },
      }]),
    ]),
  }],
  conclude: ({ results, comparisons }) => `${leadBySeed(results)}\n\n${verdict(comparisons)}`,
};
