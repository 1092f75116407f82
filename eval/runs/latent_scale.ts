/**
 * The scale of latents, by which fine-tuning standardises what its heads see.
 *
 * @module
 */
import { pairsOfSplit, type PairTable, selectPairs } from "../../data/mod.ts";
import type { ClassifierInference, HostTensor } from "../../models/mod.ts";
import type { RunData } from "../../training/data/run_data.ts";
import type { RunViews } from "../../training/data/run_views.ts";
import type { ViewLatents } from "../protocol/study_table.ts";
import { encodePairs } from "./encode_pairs.ts";

/** Most pairs that are encoded: enough for three digits of a mean, and seconds on a GPU. */
const MAX_PAIRS = 4096;

/** Smallest deviation to divide by: dimensions that vary less are constant but for rounding. */
const LEAST_DEVIATION = 1e-6;

/**
 * Encodes the training split, or evenly spread pairs of a large one, without labels.
 *
 * @param model A classifier whose encoders are trained already.
 * @returns Mean and standard deviation of each view's latents, under their names in the classifier's state; 1 in place
 * of a deviation of 0.
 */
export async function latentScale(
  model: ClassifierInference,
  { data, views }: { data: RunData; views: RunViews },
): Promise<Map<string, HostTensor>> {
  const pairs = spread(pairsOfSplit(data.index, views.pairs, "train"), MAX_PAIRS);
  const encoder = {
    shape: model.shape,
    encode: async (batch: Parameters<ClassifierInference["features"]>[0]) => ({ mu: await model.features(batch) }),
  };
  const latents = await encodePairs({ model: encoder, data, pairs });
  return new Map(latents.flatMap((each, m): [string, HostTensor][] => {
    const { mean, deviation } = momentsOf(each);
    const shape = [each.dimension];
    return [[`classifiers.${m}.mean`, { shape, data: mean }], [`classifiers.${m}.deviation`, {
      shape,
      data: deviation,
    }]];
  }));
}

function spread(pairs: PairTable, most: number): PairTable {
  const every = Math.ceil(pairs.count / most);
  return every <= 1 ? pairs : selectPairs(pairs, (pair) => pair % every === 0);
}

function momentsOf({ values, dimension }: ViewLatents): { mean: Float32Array; deviation: Float32Array } {
  const rows = values.length / dimension;
  const columns = Array.from({ length: dimension }, (_, d) => {
    let sum = 0;
    for (let at = d; at < values.length; at += dimension) sum += values[at]!;
    const mean = sum / rows;
    let squares = 0;
    for (let at = d; at < values.length; at += dimension) squares += (values[at]! - mean) ** 2;
    return { mean, deviation: Math.sqrt(squares / rows) };
  });
  return {
    mean: Float32Array.from(columns, ({ mean }) => mean),
    deviation: Float32Array.from(columns, ({ deviation }) => deviation < LEAST_DEVIATION ? 1 : deviation),
  };
}
