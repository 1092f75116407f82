/**
 * The single-view experiment.
 *
 * @module
 */
import { evaluated } from "./arms.ts";
import type { Arm, Base, Experiment } from "../experiment.ts";
import { vaeRun } from "./scales.ts";

/** The benefit of a second view: the MMVM VAE on both views against a VAE on each view alone. */
export const singleView: Experiment = {
  name: "single-view",
  summary: "MMVM on both views against VAEs on one view",
  by: "setting",
  table: "labels",
  parts: ({ base }) => [{
    name: `single-view-${base.dataset}`,
    arms: base.seeds.flatMap((seed) => [
      ...base.views.map((view) => ofOneView(base, { view, seed })),
      evaluated(base, vaeRun(base, "mmvm", { seed })),
    ]),
  }],
};

/** Chest X-rays have named single-view methods; on other data it is an independent VAE with a single view. */
function ofOneView(base: Base, { view, seed }: { view: string; seed: number }): Arm {
  if (view === "frontal" || view === "lateral") return evaluated(base, vaeRun(base, view, { seed }));
  const run = vaeRun(base, "independent", { seed, model: { views: [view] } });
  return { ...evaluated(base, run), setting: { view } };
}
