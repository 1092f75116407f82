/**
 * What an experiment would cost, from its plan and a few measured steps.
 *
 * @module
 */
import { type Batch, labelsOfStudies, type PairTable, stepsPerEpoch } from "../data/mod.ts";
import { methodKind } from "../models/mod.ts";
import type { Device } from "../runtime/mod.ts";
import type { RunData } from "../training/data/run_data.ts";
import { withAbsentView } from "../training/data/absent_view.ts";
import { TEXT_VIEW } from "../training/data/text_view.ts";
import { viewsOfRun } from "../training/data/run_views.ts";
import { createRunTrainer, trainingPairs } from "../training/run_trainer.ts";
import type { RunConfig } from "../training/run/run_config.ts";
import type { RunPlan } from "./experiment.ts";

/** The tables of a data set; no pixels are needed. */
export type TableData = Pick<RunData, "index" | "pairs" | "texts">;

/** Number of training steps of a planned run. */
export function stepsOf({ config }: RunPlan, data: TableData): number {
  const { absent } = config.data;
  const pairs = absent === undefined || absent.view === TEXT_VIEW
    ? data.pairs
    : withAbsentView(data.pairs, { ...absent, index: data.index });
  const { count } = trainingPairs(config, { index: data.index, pairs });
  return stepsPerEpoch(count, config.training) * config.training.epochs;
}

/**
 * What the cost of a run's step depends on. Methods of one kind count as equal: they have the same networks, which take
 * nearly all of a step, except for the few that decode several times.
 */
export function costKey(config: RunConfig, { data, byMethod }: { data: TableData; byMethod: boolean }): string {
  const { model: { method, ...model }, training } = config;
  const { network, imageSize, filterDim, latentDim, textLength, textFilterDim } = model;
  const views = viewsOfRun(config, data).names;
  const sizes = { network, imageSize, filterDim, latentDim, textLength, textFilterDim };
  return JSON.stringify([
    byMethod ? method : methodKind(method),
    sizes,
    views,
    training.batchSize,
    training.precision,
  ]);
}

/** What was measured of a run's training step. */
export interface StepProbe {
  /** Seconds of a step, when steps are queued as in training. */
  readonly seconds: number;
  /** Steps that were measured: fewer than asked for if the time was up. */
  readonly steps: number;
  /** Dispatches of a step. */
  readonly dispatches: number;
  /** Bytes of GPU memory allocated: parameters, the optimiser's state, activations and gradients. */
  readonly gpuBytes: number;
  /** Bytes of a checkpoint: the parameters, and two moments of each. */
  readonly checkpointBytes: number;
}

/**
 * Trains a run for a few steps on random pixels and measures them. The first step, which compiles, does not count.
 *
 * @param options.steps Steps to measure.
 * @param options.seconds Time after which no further steps are begun; at least one is measured.
 */
export async function probeStep(
  device: Device,
  options: { config: RunConfig; data: TableData; steps: number; seconds: number; signal?: AbortSignal },
): Promise<StepProbe> {
  const { config, data, signal } = options;
  const before = device.allocatedBytes;
  using trainer = await createRunTrainer(device, { config, data });
  const batch = randomBatch(config, data);
  let step = 0;
  const run = async (count: number): Promise<number> => {
    const started = performance.now();
    for (let i = 0; i < count; i++) {
      signal?.throwIfAborted();
      await trainer.step(batch, { step: step++, learningRate: 1e-6, beta: 1, alpha: 0.5 });
    }
    await trainer.readMetrics();
    return (performance.now() - started) / 1000;
  };
  await run(1);
  const first = await run(1);
  const more = Math.min(options.steps - 1, Math.floor((options.seconds - first) / first));
  const rest = more > 0 ? await run(more) : 0;
  return {
    seconds: more > 0 ? rest / more : first,
    steps: 1 + Math.max(0, more),
    dispatches: trainer.dispatchCount,
    gpuBytes: device.allocatedBytes - before,
    checkpointBytes: trainer.parameters.count * 4 * 3,
  };
}

/** A batch of random pixels, with the labels and texts of the first training pairs. */
function randomBatch(config: RunConfig, data: TableData): Batch {
  const { batchSize } = config.training;
  const { names, texts } = viewsOfRun(config, data);
  const pairs: PairTable = trainingPairs(config, data);
  const rows = Uint32Array.from({ length: batchSize }, (_, i) => i % pairs.count);
  const studies = Int32Array.from(rows, (pair) => pairs.study[pair]!);
  const images = names.length - texts.length;
  const tokens = data.texts?.table.rows(studies);
  return {
    epoch: 0,
    step: 0,
    size: batchSize,
    rows: batchSize,
    pixels: Uint8Array.from(
      { length: images * batchSize * config.model.imageSize ** 2 },
      (_, i) => (i * 2654435761) >>> 24,
    ),
    present: new Float32Array(names.length * batchSize).fill(1),
    ...(tokens && texts.length > 0 ? { texts: [tokens] as const } : {}),
    pairs: rows,
    studies,
    labels: labelsOfStudies(data.index, studies),
  };
}
