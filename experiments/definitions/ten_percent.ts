/**
 * The ten-percent experiment.
 *
 * @module
 */
import { evaluated } from "./arms.ts";
import type { Experiment } from "../experiment.ts";
import { classifierRun, vaeRun } from "./scales.ts";
import { VAES } from "./table.ts";

/** All methods with the labels of the same 10% of the patients, compared by label with paired intervals. */
export const tenPercent: Experiment = {
  name: "ten-percent",
  summary: "all methods with the labels of the same 10% of the patients, with paired intervals by label",
  by: "method",
  table: "labels",
  comparePerLabel: true,
  parts: ({ base }) => [{
    name: `ten-percent-${base.dataset}`,
    arms: base.seeds.flatMap((seed) => [
      ...VAES.map((method) => evaluated(base, vaeRun(base, method, { seed }), { labelledFractions: [base.few] })),
      evaluated(
        base,
        classifierRun(base, "supervised", { seed, model: { loss: "bce" }, training: { labelled: base.few } }),
      ),
    ]),
  }],
};
