/**
 * The experiment that reproduces the published table.
 *
 * @module
 */
import { isDigits } from "../../data/mod.ts";
import { evaluated } from "./arms.ts";
import type { Arm, Base, Experiment } from "../experiment.ts";
import { classifierRun, type RunChanges, vaeRun } from "./scales.ts";
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
  parts: ({ base }) => [{ name: `table-${base.dataset}`, arms: tableArms(base) }],
  conclude: ({ results, comparisons }) => `${leadBySeed(results)}\n\n${verdict(comparisons)}`,
};

/** The table's arms on a data set, each with the same changes. */
export function tableArms(base: Base, changes: Omit<RunChanges, "seed"> = {}): Arm[] {
  const classifier = (seed: number, loss: "softmax" | "bce") =>
    evaluated(base, classifierRun(base, "supervised", { ...changes, seed, model: { ...changes.model, loss } }));
  return base.seeds.flatMap((seed) => [
    classifier(seed, "softmax"),
    ...VAES.map((method) => evaluated(base, vaeRun(base, method, { ...changes, seed }))),
    // The published loss treats labels as mutually exclusive, which holds only for digits; this one does not.
    ...(isDigits(base.dataset) ? [] : [{ ...classifier(seed, "bce"), setting: { loss: "bce" } }]),
  ]);
}
