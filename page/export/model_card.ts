/**
 * The card of an exported model: what it is, what it was trained on, and what storing it cost.
 *
 * @module
 */
import { methodTitle } from "../../models/mod.ts";
import type { DataRecord } from "../../eval/results/data_record.ts";
import type { RunConfig } from "../../training/run/run_config.ts";
import type { PageModel } from "../stored/page_model.ts";
import type { ModelStorage, StoredTensor } from "../stored/stored_weights.ts";
import type { StorageLoss } from "./storage_loss.ts";

/** How weights are stored, in words. */
export const STORAGE_NAMES: Readonly<Record<ModelStorage, string>> = {
  mixed: "float32 encoders and float16 decoders",
  f32: "float32 weights",
  f16: "float16 weights",
  i8: "8-bit weights",
};

/** The card's entries. */
export function cardOf(
  config: RunConfig,
  options: {
    data: DataRecord;
    storage: ModelStorage;
    tensors: readonly StoredTensor[];
    losses: readonly StorageLoss[];
  },
): PageModel["card"] {
  const { data, storage, tensors, losses } = options;
  const { method, network, imageSize, filterDim, latentDim } = config.model;
  const count = tensors.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
  return [
    ["Run", config.name],
    ["Method", methodTitle(method)],
    [
      "Network",
      `${network}, ${imageSize} px, ${filterDim} filters, ${latentDim} latent dimensions, ` +
      `${count.toLocaleString("en")} numbers`,
    ],
    ["Trained on", `${data.dataset}${data.synthetic ? " (no patient's data)" : ""}`],
    ["Stored as", `${STORAGE_NAMES[storage]}${isExact(storage) ? `: ${UNCHANGED}` : ""}`],
    ...losses.map((loss) => [`AUROC, ${loss.view}`, lossText(loss)] as const),
  ];
}

/** Whether the latents are the run's own. */
export function isExact(storage: ModelStorage): boolean {
  return storage === "f32" || storage === "mixed";
}

/** What is said where nothing was shortened that latents depend on. */
export const UNCHANGED = "latents and scores are the run's own";

/** What storing the weights changed in a view's latents and scores. */
export function lossText({ before, after, largestChange, largestLatentChange }: StorageLoss): string {
  const latent = `no number of a latent changed by more than ${largestLatentChange.toPrecision(2)}`;
  if (before === null || after === null) return `undefined: no label of the test studies has both classes; ${latent}`;
  const change = 100 * (after - before);
  const signed = `${change < 0 ? "-" : "+"}${Math.abs(change).toFixed(3)}`;
  return `macro ${(100 * before).toFixed(2)} with the run's weights, ${(100 * after).toFixed(2)} with those stored ` +
    `here (${signed} points; no score changed by more than ${largestChange.toPrecision(2)}, ${latent})`;
}
