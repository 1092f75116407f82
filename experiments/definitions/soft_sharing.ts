/**
 * The soft-sharing experiment.
 *
 * @module
 */
import { evaluated } from "./arms.ts";
import type { Arm, Base, Experiment } from "../experiment.ts";
import { vaeRun } from "./scales.ts";

const ALPHAS = [0, 0.25, 0.5, 0.75, 1];

/**
 * How strongly views should share: alpha fixed at several values, where 1 leaves only the standard normal prior, and
 * the prior as a mixture, as written in the papers.
 */
export const softSharing: Experiment = {
  name: "soft-sharing",
  summary: "MMVM with alpha fixed at 0, 0.25, 0.5, 0.75 and 1 (no sharing) and annealed, with the pairwise and the " +
    "mixture prior",
  by: "setting",
  table: "macro",
  parts: ({ base }) => [{
    name: `soft-sharing-${base.dataset}`,
    arms: base.seeds.flatMap((seed) => [
      evaluated(base, vaeRun(base, "mmvm", { seed })),
      {
        ...evaluated(base, vaeRun(base, "mmvm", { seed, model: { prior: "mixture" } })),
        setting: { prior: "mixture" },
      },
      ...ALPHAS.map((alpha) => atAlpha(base, { alpha, seed })),
    ]),
  }],
};

function atAlpha(base: Base, { alpha, seed }: { alpha: number; seed: number }): Arm {
  const training = { alphaSchedule: "constant", alpha, alphaSteps: 0 } as const;
  return { ...evaluated(base, vaeRun(base, "mmvm", { seed, training })), setting: { alpha } };
}
