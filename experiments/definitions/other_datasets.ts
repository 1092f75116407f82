/**
 * The other-datasets experiment.
 *
 * @module
 */
import { MNIST_VIEWS } from "../../data/mod.ts";
import { evaluated } from "./arms.ts";
import type { Base, Experiment, Part } from "../experiment.ts";
import { type RunChanges, vaeRun } from "./scales.ts";

const METHODS = ["independent", "poe", "mmvm"] as const;

/** The main comparison on digits with two and three views, and on chest X-rays in CheXpert's layout. */
export const otherDatasets: Experiment = {
  name: "other-datasets",
  summary: "MNIST pairs, MNIST triples, and CheXpert's layout (--dataset chexpert --data DIR for the real data)",
  by: "method",
  table: "labels",
  parts: ({ base, on }) => {
    const digits = on("mnist-pairs");
    const chest = base.dataset === "chexpert" ? base : on("chexpert");
    return [
      part("other-datasets-mnist-pairs", digits),
      part("other-datasets-mnist-three-views", digits, {
        data: { mnist: { ...digits.data.mnist, views: [...MNIST_VIEWS] } },
      }),
      part("other-datasets-chexpert", chest),
    ];
  },
};

function part(name: string, base: Base, changes: Omit<RunChanges, "seed"> = {}): Part {
  const arms = base.seeds.flatMap((seed) =>
    METHODS.map((method) => evaluated(base, vaeRun(base, method, { ...changes, seed })))
  );
  return { name, arms };
}
