/**
 * The published-order experiment.
 *
 * @module
 */
import { evaluated } from "./arms.ts";
import type { Arm, Base, Experiment, PhantomVariant } from "../experiment.ts";
import { type RunChanges, vaeRun } from "./scales.ts";
import { table, VAES } from "./table.ts";
import { leadBySetting } from "./verdict.ts";

/** Times the latent dimensions of the base. */
const MORE_LATENTS = 4;
/** Times the epochs of the base. */
const MORE_EPOCHS = 3;
/** Times the studies to train on. */
const MORE_STUDIES = 4;
/** Probability of each finding to be faint in one of the views. */
const FAINT = 0.5;

/** One change of the base, and how it is shown. */
interface Variation {
  readonly base: Base;
  readonly changes?: Omit<RunChanges, "seed">;
  readonly setting: NonNullable<Arm["setting"]>;
}

/**
 * In which setting the published order shows, MMVM ahead of all other VAEs in both views: that of `table`, whose runs
 * it shares, and single changes of it. With more studies, epochs are fewer, so that there are about as many steps as
 * with more epochs. Where findings are faint in one view, they are so in the studies that are scored, too.
 */
export const publishedOrder: Experiment = {
  name: "published-order",
  summary: "where MMVM leads in both views: with larger latents, more epochs, more studies, and on phantoms whose " +
    "findings one view shows only faintly",
  by: "method",
  table: "macro",
  includes: [{ experiment: table.name, methods: VAES }],
  // Only phantoms can be drawn otherwise.
  parts: ({ base, phantoms }) =>
    phantoms === undefined ? [] : [{
      name: `published-order-${base.dataset}`,
      arms: base.seeds.flatMap((seed) =>
        variations(base, phantoms).flatMap(({ base: own, changes, setting }) =>
          VAES.map((method) => ({ ...evaluated(own, vaeRun(own, method, { ...changes, seed })), setting }))
        )
      ),
    }],
  conclude: ({ comparisons }) => leadBySetting(comparisons),
};

function variations(base: Base, phantoms: (variant: PhantomVariant) => Base): Variation[] {
  const latentDim = MORE_LATENTS * base.model.latentDim;
  const epochs = MORE_EPOCHS * base.training.epochs;
  const fewer = Math.round(epochs / MORE_STUDIES);
  return [
    { base, setting: {} },
    { base, changes: { model: { latentDim } }, setting: { latents: latentDim } },
    { base, changes: { training: { epochs } }, setting: { epochs } },
    {
      base: phantoms({ times: MORE_STUDIES }),
      changes: { training: { epochs: fewer } },
      setting: { studies: `${MORE_STUDIES}x in ${fewer} ${fewer === 1 ? "epoch" : "epochs"}` },
    },
    { base: phantoms({ faintFindings: FAINT }), setting: { hard: FAINT } },
  ];
}
