/**
 * The card of an exported model: what it is, what it was trained on, and what storing it cost.
 *
 * @module
 */
import { methodOf } from "../../models/mod.ts";
import type { DataRecord } from "../../eval/results/data_record.ts";
import type { RunConfig } from "../../training/run/run_config.ts";
import type { PageModel } from "../stored/page_model.ts";
import type { StoredTensor, WeightStorage } from "../stored/stored_weights.ts";
import type { StorageLoss } from "./export_model.ts";

/** How weights are stored, in words. */
export const STORAGE_NAMES: Readonly<Record<WeightStorage, string>> = {
  f32: "float32 weights",
  f16: "float16 weights",
  i8: "8-bit weights",
};

/** The card's entries. */
export function cardOf(
  config: RunConfig,
  options: { data: DataRecord; tensors: readonly StoredTensor[]; losses: readonly StorageLoss[] },
): PageModel["card"] {
  const { data, tensors, losses } = options;
  const { method, network, imageSize, filterDim, latentDim } = config.model;
  const count = tensors.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
  return [
    ["Run", config.name],
    ["Method", methodOf(method).title],
    [
      "Network",
      `${network}, ${imageSize} px, ${filterDim} filters, ${latentDim} latent dimensions, ` +
      `${count.toLocaleString("en")} numbers`,
    ],
    ["Trained on", `${data.dataset}${data.synthetic ? " (no patient's data)" : ""}`],
    ...losses.map((loss) => [`AUROC, ${loss.view}`, lossText(loss)] as const),
  ];
}

/** What storing the weights changed in a view's scores. */
export function lossText({ before, after, largestChange }: StorageLoss): string {
  if (before === null || after === null) return "undefined: no label of the test studies has both classes";
  const change = 100 * (after - before);
  const signed = `${change < 0 ? "-" : "+"}${Math.abs(change).toFixed(3)}`;
  return `macro ${(100 * before).toFixed(2)} with the run's weights, ${(100 * after).toFixed(2)} with those stored ` +
    `here (${signed} points; no score changed by more than ${largestChange.toPrecision(2)})`;
}
