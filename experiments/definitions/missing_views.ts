/**
 * The missing-views experiment.
 *
 * @module
 */
import { evaluated } from "./arms.ts";
import type { Experiment } from "../experiment.ts";
import { vaeRun } from "./scales.ts";

const SHARES = [0, 0.25, 0.5, 0.75];
const METHODS = ["independent", "poe", "mmvm"] as const;

/**
 * The effect of training studies that lack their second view (the lateral). They have no latent of that view either, so
 * that its probes are trained on fewer labels. Validation and test studies keep their views.
 */
export const missingViews: Experiment = {
  name: "missing-views",
  summary: "training with 0, 25, 50 and 75% of the laterals removed",
  by: "method",
  table: "macro",
  parts: ({ base }) => [{
    name: `missing-views-${base.dataset}`,
    arms: base.seeds.flatMap((seed) =>
      SHARES.flatMap((share) =>
        METHODS.map((method) => {
          const absent = share === 0 ? {} : { absent: { view: base.views[1], share, seed } };
          const run = vaeRun(base, method, { seed, data: { pairs: "all-combinations-missing", ...absent } });
          return { ...evaluated(base, run), setting: { absent: share } };
        })
      )
    ),
  }],
};
