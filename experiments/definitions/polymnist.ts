/**
 * The figure of translated PolyMNIST.
 *
 * @module
 */
import { evaluated } from "./arms.ts";
import type { Arm, Base, Experiment, ScaleName } from "../experiment.ts";
import { tradeOff } from "../../eval/mod.ts";
import { classifierRun, vaeRun } from "./scales.ts";
import { VAES } from "./table.ts";

/** Weights of the divergence, as powers of two. */
const BETAS: Readonly<Record<ScaleName, readonly number[]>> = {
  smoke: [0],
  small: [-6, -3, 0],
  paper: [-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3],
};

/** Latent dimensions; those of the base at other scales. */
const PAPER_LATENTS = [32, 64];

/**
 * How well latents of one view tell the digit, and how well images decoded from another view show it, against the error
 * of reconstructions, as the weight of the divergence grows: the published figure on views that share the digit alone.
 */
export const polymnist: Experiment = {
  name: "polymnist",
  summary: "translated PolyMNIST: latent classification and coherence against the error of reconstructions, over beta",
  by: "setting",
  table: "macro",
  parts: ({ base: given, on, scale }) => {
    const base = given.dataset === "polymnist" ? given : on("polymnist");
    const latents = scale === "paper" ? PAPER_LATENTS : [base.model.latentDim];
    return [{
      name: "polymnist",
      arms: base.seeds.flatMap((seed) =>
        latents.flatMap((latentDim) =>
          BETAS[scale].flatMap((power) => VAES.map((method) => armOf(base, { method, seed, power, latentDim })))
        )
      ),
    }];
  },
  conclude: ({ results }) => tradeOff(results),
};

function armOf(
  base: Base,
  { method, seed, power, latentDim }: { method: string; seed: number; power: number; latentDim: number },
): Arm {
  // One judge for all runs: a classifier of each view.
  const judge = classifierRun(base, "supervised", { seed: 1, model: { loss: "softmax" } });
  const run = vaeRun(base, method, { seed, model: { latentDim }, training: { beta: 2 ** power } });
  return {
    ...evaluated(base, run, { generative: { judge } }),
    setting: { beta: `2^${power}`, latent: latentDim },
  };
}
