/**
 * The training loop of a run, with metrics and checkpoints on disk; resumable at any step.
 *
 * @module
 */
import { DataError } from "../base/errors.ts";
import { createLoader } from "../data/mod.ts";
import { withTexts } from "./data/run_texts.ts";
import { createFittingTrainer } from "./fitting_trainer.ts";
import { firstNonFinite, NonFiniteStepError } from "./non_finite.ts";
import { requireOptimization } from "./optimization.ts";
import { requireRanks, shareState } from "./ranks.ts";
import { type Restored, restoreRun } from "./run/run_checkpoint.ts";
import { holdToData } from "./run/run_data_record.ts";
import { runPaths } from "./run/run_directory.ts";
import { type RunTrainer, trainingPairs } from "./run_trainer.ts";
import { Session } from "./session.ts";
import type { TrainedRun, TrainRunOptions } from "./train_run_options.ts";
import { Validation } from "./validation/validation.ts";

/**
 * Trains a run to its end, or until it is stopped.
 *
 * @throws {DataError} if the data do not fill a batch or have changed since the run started, or a checkpoint belongs to
 * another configuration.
 * @throws {BatchTooLargeError} before the first step, with a batch size that fits.
 * @throws {OutOfMemoryError | DeviceLostError} from the device; files on disk are unchanged.
 * @throws {NonFiniteStepError} where the loss or a gradient, or with `checkNumerics` any result, is not finite; the
 * last checkpoint stays as it was.
 */
export async function trainRun(options: TrainRunOptions): Promise<TrainedRun> {
  const { config, directory, device, checkNumerics = false, ranks } = options;
  const { training } = config;
  requireRanks(config, ranks);
  requireOptimization(training);
  const data = await withTexts(options.data, { config, directory, create: true, vocabulary: ranks?.vocabulary });
  const loader = createLoader(data.pixels, {
    index: data.index,
    pairs: trainingPairs(config, data),
    batchSize: training.batchSize,
    seed: training.seed,
    ...(ranks ? { part: { index: ranks.rank, of: ranks.size } } : {}),
    texts: data.texts?.table,
  });
  const { stepsPerEpoch } = loader;
  const fitting = await createFittingTrainer(device, {
    config,
    data,
    checkNumerics,
    ...(ranks ? { ranks } : {}),
    beside: (trainer, config) =>
      Validation.open({ ...options, config, data, parameters: trainer.evaluated, stepsPerEpoch }),
  });
  using trainer = fitting.trainer;
  using validation = fitting.beside;
  const paths = runPaths(options.directory);
  const restored = ranks === undefined
    ? await restore(trainer, options)
    : await shareState(trainer, { ranks, restore: () => restore(trainer, options) });
  const steps = stepsPerEpoch * training.epochs;
  if (restored && restored.step > steps) {
    throw new DataError(`${paths.checkpoints} goes to step ${restored.step}, but the run has ${steps} steps only`);
  }
  const session = new Session(trainer, {
    ...options,
    steps,
    stepsPerEpoch,
    validation,
    from: restored?.step ?? 0,
    secondsBefore: restored?.seconds ?? 0,
    skip: new Set([...restored?.skipped ?? [], ...options.skip ?? []]),
  });
  const batchesFrom = (step: number) => {
    const from = { epoch: Math.floor(step / stepsPerEpoch), step: step % stepsPerEpoch };
    return loader.batches({ from, untilEpoch: training.epochs });
  };
  await session.begin();
  try {
    if (session.step < steps && session.early === undefined) {
      for await (const batch of batchesFrom(session.step)) {
        // Several ranks stop when all of them know of it: after a step.
        if (ranks === undefined && options.signal?.aborted) break;
        await session.run(batch);
        await session.afterStep();
        if (session.stopped || session.early !== undefined) break;
      }
    }
    return await session.end();
  } catch (error) {
    if (!(error instanceof NonFiniteStepError) || error.found) throw error;
    const found = await firstNonFinite({
      device,
      config,
      data,
      ranks,
      state: () => trainer.read(),
      batches: batchesFrom(error.step),
      settings: session.settings(error.step),
    });
    throw found ? error.because(found) : error;
  }
}

/** Restores the last checkpoint, if the run is to be resumed and has one, and checks that the data are the same. */
async function restore(trainer: RunTrainer, options: TrainRunOptions): Promise<Restored | undefined> {
  const { config, directory, data, onWarning, acceptChangedData: accept = false } = options;
  const paths = runPaths(directory);
  await Deno.mkdir(paths.checkpoints, { recursive: true });
  const restored = options.resume
    ? await restoreRun(trainer, { paths, config, ...(onWarning ? { onWarning } : {}) })
    : undefined;
  await holdToData(data, { config, directory, step: restored?.step ?? 0, accept, onWarning });
  return restored;
}
