/**
 * The published table with later methods beside it.
 *
 * @module
 */
import { evaluated } from "./arms.ts";
import { denseNet } from "./densenet.ts";
import type { Arm, Base, Experiment } from "../experiment.ts";
import { vaeRun } from "./scales.ts";
import { table } from "./table.ts";

/** Methods that the published table does not have, as their papers define them: VAEs, then the peers that are none. */
const LATER = ["helvae", "mvtcae", "dmvae", "mmvae-plus", "aligned-ae", "barlow-twins", "vicreg", "clip"] as const;

/** Methods of the published table that are also shown with private latents. */
const SPLIT = ["avg", "moe", "mopoe", "poe", "mmvm"] as const;

/**
 * The arms of `table`, whose runs it shares, later methods, split variants with half of the latents private, and a
 * classifier of the DenseNet-121 class.
 */
export const tableExtended: Experiment = {
  ...table,
  name: "table-extended",
  includes: [{ experiment: table.name }],
  summary:
    "the arms of table, and beside them HELVAE, MVTCAE, DMVAE, MMVAE+, methods with private latents, peers that " +
    "are no VAEs, and DenseNet-121",
  parts: (context) => {
    const { base } = context;
    return [{
      name: `table-extended-${base.dataset}`,
      arms: [
        ...table.parts(context).flatMap(({ arms }) => arms),
        ...base.seeds.flatMap((seed) => [
          ...LATER.map((method) => evaluated(base, vaeRun(base, method, { seed }))),
          ...SPLIT.map((method) => split(base, { method, seed })),
          ...denseNet(base, seed),
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
