/**
 * Measures the floors of a run by the same protocol as its latents: the same studies, subsets, probe and intervals.
 *
 * @module
 */
import type { EncoderInference, VaeInference } from "../../models/mod.ts";
import { evaluateLatents, type LatentEvaluation } from "../protocol/evaluate_latents.ts";
import { type Floor, viewPositionFeatures, withShuffledLabels } from "./floors.ts";
import type { ViewLatents } from "../protocol/study_table.ts";
import type { Evaluation, RunRecord } from "../results/results.ts";
import type { RunConfig } from "../../training/run/run_config.ts";
import type { RunData } from "../../training/data/run_data.ts";
import type { RunViews } from "../../training/data/run_views.ts";
import { pixelPca } from "./pixel_pca.ts";

/** Options of {@linkcode evaluateFloors}. */
export interface EvaluateFloorsOptions {
  readonly config: RunConfig;
  readonly data: RunData;
  readonly views: RunViews;
  /** The trained model; of it only sizes and device are used. */
  readonly model: Pick<VaeInference | EncoderInference, "device" | "shape">;
  /** The floors to evaluate. */
  readonly floors: readonly Floor[];
  /** Latents of the trained encoders, and of the encoders with initial parameters. */
  readonly latents: { readonly trained: readonly ViewLatents[]; readonly untrained: readonly ViewLatents[] };
  /** How the run's own latents are evaluated, without the run and its latents. */
  readonly protocol: Omit<LatentEvaluation, "run" | "views">;
  readonly onProgress?: (progress: { stage: string; done: number; total: number }) => void;
  readonly onWarning?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/** The name of the record that stands for a run's floor. */
function floorName(run: string, floor: Floor): string {
  return `${run}-${floor}`;
}

/** Evaluates floors; the evaluations refer to the cases of the run's own. */
export async function evaluateFloors(options: EvaluateFloorsOptions): Promise<Evaluation[]> {
  const { config: { name, training: { seed } }, data, floors, latents: { trained, untrained }, protocol } = options;
  const features: Record<Floor, () => Promise<readonly ViewLatents[]> | readonly ViewLatents[]> = {
    "view-position": () => trained.map((latents) => viewPositionFeatures(latents, data.index)),
    "pixel-pca": () => components(options),
    "shuffled-labels": () => trained,
    untrained: () => untrained,
  };
  const evaluations: Evaluation[] = [];
  for (const [i, floor] of floors.entries()) {
    const views = await features[floor]();
    if (views.length === 0) continue;
    const table = floor === "shuffled-labels" ? withShuffledLabels(protocol.table, { seed }) : protocol.table;
    const measured = await evaluateLatents({
      ...protocol,
      table,
      views,
      run: { name: floorName(name, floor), method: floor, seed },
      onProgress: ({ done, total }) =>
        options.onProgress?.({ stage: "floors", done: i * total + done, total: floors.length * total }),
    });
    evaluations.push(...measured.evaluations);
  }
  return evaluations;
}

async function components(options: EvaluateFloorsOptions): Promise<ViewLatents[]> {
  const { config, data, views, model, onProgress, onWarning, signal } = options;
  const texts = views.texts.map((m) => views.names[m]!);
  if (texts.length > 0) onWarning?.(`the ${texts.join(" and ")} view has no pixels, so it has no floor by pixel-pca`);
  return await pixelPca({
    device: model.device,
    data,
    views,
    // Every view has an encoder of the same size, but for texts.
    dimension: options.latents.trained[0]!.dimension,
    seed: config.training.seed,
    batchSize: model.shape.batchSize,
    onProgress: ({ done, total }) => onProgress?.({ stage: "principal components", done, total }),
    ...(signal ? { signal } : {}),
  });
}

/** The record to which a floor's evaluations refer; none if no view has this floor. */
export function floorRecord(run: RunRecord, of: { floor: Floor; evaluations: readonly Evaluation[] }): RunRecord[] {
  const name = floorName(run.name, of.floor);
  if (of.evaluations.every((evaluation) => evaluation.run !== name)) return [];
  const none = { step: [], loss: [], reconstruction: [], kl: [], alpha: [], studiesPerSecond: [] };
  const { findings: _findings, checkpoint: _checkpoint, ...rest } = run;
  return [{ ...rest, name, method: of.floor, training: none }];
}
