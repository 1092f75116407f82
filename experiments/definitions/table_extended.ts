/**
 * The published table with later methods beside it.
 *
 * @module
 */
import { evaluated } from "./arms.ts";
import type { Arm, Base, Experiment } from "../experiment.ts";
import { vaeRun } from "./scales.ts";
import { table } from "./table.ts";

/** Methods that the published table does not have, as their papers define them. */
const LATER = ["helvae", "mvtcae", "dmvae", "mmvae-plus"] as const;

/** Methods of the published table that are also shown with private latents. */
const SPLIT = ["avg", "moe", "mopoe", "poe", "mmvm"] as const;

/** The arms of `table`, whose runs it shares, later methods, and split variants with half of the latents private. */
export const tableExtended: Experiment = {
  ...table,
  name: "table-extended",
  summary: "the arms of table, and beside them HELVAE, MVTCAE, DMVAE, MMVAE+ and methods with private latents",
  parts: (context) => {
    const { base } = context;
    return [{
      name: `table-extended-${base.dataset}`,
      arms: [
        ...table.parts(context).flatMap(({ arms }) => arms),
        ...base.seeds.flatMap((seed) => [
          ...LATER.map((method) => evaluated(base, vaeRun(base, method, { seed }))),
          ...SPLIT.map((method) => split(base, { method, seed })),
        ]),
      ],
    }];
  },
};

function split(base: Base, { method, seed }: { method: string; seed: number }): Arm {
  const privateDim = Math.floor(base.model.latentDim / 2);
  return {
    ...evaluated(base, vaeRun(base, method, { seed, model: { privateDim } })),
    setting: { private: privateDim },
  };
}
