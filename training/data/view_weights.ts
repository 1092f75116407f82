/**
 * The weights of a run's views in its loss.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { ModelConfig } from "../run/run_config.ts";
import type { RunViews } from "./run_views.ts";
import { DEFAULT_TEXT_LENGTH } from "../run/run_settings.ts";

type WeightSettings = Pick<ModelConfig, "viewWeights" | "textWeight" | "textLength" | "imageSize">;

/**
 * The weight of each view's reconstruction: by `--view-weights`, as numbers in the views' order or as NAME=NUMBER; a
 * text that is not among these has `--text-weight`, of which `auto` is the published rule, pixels of an image over
 * tokens of a text (1 without images). The others weigh 1.
 *
 * @returns `undefined` if all weigh 1.
 * @throws {DataError} if weights and views do not match.
 */
export function viewWeightsOf(
  model: WeightSettings,
  { names, texts }: Pick<RunViews, "names" | "texts">,
): number[] | undefined {
  const given = model.viewWeights ?? [];
  const named = given.filter((weight) => typeof weight === "string");
  if (named.length > 0 && named.length < given.length) {
    throw new DataError(`--view-weights has both plain and named weights: name all (${names.join("=1,")}=1) or none`);
  }
  if (named.length === 0 && given.length > 0 && given.length !== names.length) {
    throw new DataError(
      `--view-weights has ${given.length} weights for the ${names.length} views ${
        names.join(", ")
      }: give one each, or ` +
        "name them",
    );
  }
  const byName = new Map(named.map((word) => word.split("=") as [string, string]));
  const unknown = byName.keys().find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new DataError(`--view-weights names the view ${unknown}, but the run's views are ${names.join(", ")}`);
  }
  const weights = names.map((name, m) => {
    const own = byName.get(name) ?? (named.length === 0 ? given[m] : undefined);
    return own === undefined ? (texts.includes(m) ? textWeightOf(model, { names, texts }) : 1) : Number(own);
  });
  return weights.every((weight) => weight === 1) ? undefined : weights;
}

function textWeightOf(
  { textWeight = "auto", textLength = DEFAULT_TEXT_LENGTH, imageSize }: WeightSettings,
  { names, texts }: Pick<RunViews, "names" | "texts">,
): number {
  if (textWeight !== "auto") return textWeight;
  return names.length > texts.length ? imageSize ** 2 / textLength : 1;
}
