/**
 * The other-datasets experiment.
 *
 * @module
 */
import { MNIST_VIEWS } from "../../data/mod.ts";
import { evaluated } from "./arms.ts";
import type { Experiment } from "../experiment.ts";
import { vaeRun } from "./scales.ts";
import { tableArms } from "./table.ts";

/** What is trained on chest X-rays, which take four times as long as digits. */
const METHODS = ["independent", "poe", "mmvm"] as const;

/**
 * The table on digits with two views, whose runs it shares, and with three; and its main comparison on chest X-rays in
 * CheXpert's layout.
 */
export const otherDatasets: Experiment = {
  name: "other-datasets",
  summary: "the table on MNIST pairs and on MNIST triples, and its main comparison in CheXpert's layout " +
    "(--dataset chexpert --data DIR for the real data)",
  by: "method",
  table: "labels",
  parts: ({ base, on }) => {
    const digits = on("mnist-pairs");
    const chest = base.dataset === "chexpert" ? base : on("chexpert");
    const triples = { mnist: { ...digits.data.mnist, views: [...MNIST_VIEWS] } };
    return [
      { name: "other-datasets-mnist-pairs", arms: tableArms(digits) },
      { name: "other-datasets-mnist-three-views", arms: tableArms(digits, { data: triples }) },
      {
        name: "other-datasets-chexpert",
        arms: chest.seeds.flatMap((seed) => METHODS.map((method) => evaluated(chest, vaeRun(chest, method, { seed })))),
      },
    ];
  },
};
