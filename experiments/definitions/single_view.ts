import { evaluated } from "./arms.ts";
import type { Arm, Experiment } from "../experiment.ts";
import { vaeRun } from "./scales.ts";
import type { Base } from "../experiment.ts";

/** What a second view is worth: the MMVM VAE of both views against a VAE of each alone. */
export const singleView: Experiment = {
  name: "single-view",
  summary: "MMVM of both views against VAEs of one view",
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

/** Chest X-rays have methods of one view by name; of other data it is a VAE without partners. */
function ofOneView(base: Base, { view, seed }: { view: string; seed: number }): Arm {
  if (view === "frontal" || view === "lateral") return evaluated(base, vaeRun(base, view, { seed }));
  const run = vaeRun(base, "independent", { seed, model: { views: [view] } });
  return { ...evaluated(base, run), setting: { view } };
}
