/**
 * The with-text experiment.
 *
 * @module
 */
import { TEXT_VIEW } from "../../training/data/text_view.ts";
import { evaluated } from "./arms.ts";
import type { Experiment } from "../experiment.ts";
import { vaeRun } from "./scales.ts";

const METHODS = ["poe", "mmvm"] as const;

/**
 * What the studies' reports in training do for the images' latents: the same methods and test studies with and without
 * the text as a third view. The text's own AUROC is not the result, because the labels are mined from the texts.
 */
export const withText: Experiment = {
  name: "with-text",
  summary: "frontal and lateral latents with and without the reports as a third view in training",
  by: "setting",
  table: "labels",
  parts: ({ base }) => [{
    name: `with-text-${base.dataset}`,
    arms: base.seeds.flatMap((seed) =>
      METHODS.flatMap((method) => [
        // Without a setting, so that MMVM on images alone is what the others are compared with, MMVM with text too.
        evaluated(base, vaeRun(base, method, { seed })),
        {
          ...evaluated(base, vaeRun(base, method, { seed, model: { views: [...base.views, TEXT_VIEW] } })),
          setting: { text: "with" },
        },
      ])
    ),
  }],
};
