/**
 * The view-quality experiment.
 *
 * @module
 */
import type { DegradedView } from "../../training/data/degraded_view.ts";
import { evaluated } from "./arms.ts";
import type { Base, Experiment } from "../experiment.ts";
import { vaeRun } from "./scales.ts";

const METHODS = ["independent", "mmvm"] as const;
/** Steps of each degradation; see {@linkcode DegradedView} for their units. */
const STEPS: readonly Pick<DegradedView, "kind" | "amount">[] = [
  { kind: "blur", amount: 0.02 },
  { kind: "blur", amount: 0.1 },
  { kind: "noise", amount: 0.1 },
  { kind: "noise", amount: 0.5 },
  { kind: "blackout", amount: 0.25 },
  { kind: "blackout", amount: 1 },
];

/**
 * What the first view (the frontal) loses when the second (the lateral) is blurred, noisy or black: in what a run is
 * trained on, or only in what it is tested on. Independent VAEs lose nothing in the first view, which shows how much of
 * a loss is due to sharing.
 */
export const viewQuality: Experiment = {
  name: "view-quality",
  summary: "the lateral blurred, with noise or blacked out by steps, in training or in testing only",
  by: "method",
  table: "macro",
  parts: ({ base }) => [{
    name: `view-quality-${base.dataset}`,
    arms: base.seeds.flatMap((seed) =>
      METHODS.flatMap((method) => [
        { ...evaluated(base, vaeRun(base, method, { seed })), setting: { [base.views[1]]: "intact" } },
        ...STEPS.flatMap((step) => degradedArms(base, { step, method, seed })),
      ])
    ),
  }],
};

function degradedArms(
  base: Base,
  { step, method, seed }: { step: Pick<DegradedView, "kind" | "amount">; method: string; seed: number },
) {
  const degraded = (where: DegradedView["in"]): DegradedView => ({ view: base.views[1], ...step, in: where, seed });
  const setting = (where: DegradedView["in"]) => ({ [base.views[1]]: `${step.kind} ${step.amount} in ${where}` });
  const trained = vaeRun(base, method, { seed, data: { degraded: degraded("training") } });
  return [
    { ...evaluated(base, trained), setting: setting("training") },
    // The run on intact images, measured on degraded ones.
    {
      ...evaluated(base, vaeRun(base, method, { seed }), { degraded: degraded("testing") }),
      setting: setting("testing"),
    },
  ];
}
