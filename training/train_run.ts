/**
 * The training loop of a run, with metrics and checkpoints on disk; resumable at any step.
 *
 * @module
 */
import { syncFile, writeFileAtomic } from "../base/atomic_file.ts";
import { DataError } from "../base/errors.ts";
import { type Batch, createLoader } from "../data/mod.ts";
import { ParallelTrainer, type StepSettings } from "../models/mod.ts";
import {
  type Device,
  LEAST_LOSS_SCALE,
  NonFiniteError,
  OutOfMemoryError,
  type ProgramMemory,
  type Schedule,
} from "../runtime/mod.ts";
import { alphaSchedule, betaSchedule } from "./annealing.ts";
import { BatchTooLargeError, largestBatch } from "./batch_size.ts";
import { firstNonFinite, NonFiniteStepError } from "./non_finite.ts";
import { holdToData } from "./run/run_data_record.ts";
import { type Restored, restoreRun, saveRun } from "./run/run_checkpoint.ts";
import type { RunConfig } from "./run/run_config.ts";
import type { RunData } from "./data/run_data.ts";
import { appendMetrics, type MetricsLine, readMetricsFile, runPaths } from "./run/run_directory.ts";
import { withTexts } from "./data/run_texts.ts";
import { requireRanks, type RunRanks, shareState } from "./ranks.ts";
import { createRunTrainer, isSupervised, type RunTrainer, trainingPairs } from "./run_trainer.ts";

/** Training progress. */
export interface TrainProgress {
  /** Steps done, of `steps`. */
  readonly done: number;
  /** Steps done. */
  readonly steps: number;
  /** Epoch of the last step, from 0. */
  readonly epoch: number;
  /** The last logged step. */
  readonly last: MetricsLine;
}

/** Options of {@link trainRun}. */
export interface TrainRunOptions {
  /** The configuration of the run. */
  readonly config: RunConfig;
  /** Folder of the run. */
  readonly directory: string;
  /** The data, opened by {@linkcode openRunData}. */
  readonly data: RunData;
  /** The device to train on. */
  readonly device: Device;
  /** Resume from the last intact checkpoint; without one, start from the beginning. */
  readonly resume?: boolean;
  /** Seconds between checkpoints, 300 by default; one is written at the end in any case. */
  readonly checkpointSeconds?: number;
  /** Number of steps between additional checkpoints. */
  readonly checkpointSteps?: number;
  /** Checkpoints that are kept, 2 by default. */
  readonly keep?: number;
  /**
   * Steps to skip in addition to those recorded in the checkpoint, because their results were not finite.
   */
  readonly skip?: ReadonlySet<number>;
  /** Resume even if the data have changed since the run started; the change is recorded in `data.json`. */
  readonly acceptChangedData?: boolean;
  /** Look for NaN and infinity in every op's results; see `CompileOptions.checkNumerics`. Slow. */
  readonly checkNumerics?: boolean;
  /**
   * The processes that train the run together, each calling this with its own device. Rank 0 alone reads and writes the
   * run's directory; when one of them is stopped, all stop at the same step.
   */
  readonly ranks?: RunRanks;
  /** Aborted to stop: the current step is finished and saved. */
  readonly signal?: AbortSignal;
  /** Called before the first step. */
  readonly onStart?: (
    about: { steps: number; from: number; parameters: number; memory: ProgramMemory; dispatches: number },
  ) => void;
  /** Called with the progress. */
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Called with each warning, one sentence. */
  readonly onWarning?: (message: string) => void;
}

/** Outcome of {@link trainRun}. */
export interface TrainedRun {
  /** Steps done. */
  readonly steps: number;
  /** True if it was stopped before the last step. */
  readonly stopped: boolean;
  /** Seconds of training, all sessions of the run together. */
  readonly seconds: number;
  /** Number of trained parameters. */
  readonly parameters: number;
  /** Steps that were skipped. */
  readonly skipped: readonly number[];
}

/** Metrics are read and progress is shown at least this often, in milliseconds. */
const READ_INTERVAL = 1000;
/** Steps that may be queued on the GPU without waiting. */
const MAX_QUEUED = 32;
/** Several ranks read the metrics at least this often, in steps. */
const RANKS_READ = 8;

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
  const data = await withTexts(options.data, { config, directory, create: true, vocabulary: ranks?.vocabulary });
  const loader = createLoader(data.pixels, {
    index: data.index,
    pairs: trainingPairs(config, data),
    batchSize: training.batchSize,
    seed: training.seed,
    ...(ranks ? { part: { index: ranks.rank, of: ranks.size } } : {}),
    texts: data.texts?.table,
  });
  using trainer = await createFittingTrainer(device, { config, data, checkNumerics, ...(ranks ? { ranks } : {}) });
  await ranks?.onCompiled?.();
  const paths = runPaths(options.directory);
  const restored = ranks === undefined
    ? await restore(trainer, options)
    : await shareState(trainer, { ranks, restore: () => restore(trainer, options) });
  const steps = loader.stepsPerEpoch * training.epochs;
  if (restored && restored.step > steps) {
    throw new DataError(`${paths.checkpoints} goes to step ${restored.step}, but the run has ${steps} steps only`);
  }
  const session = new Session(trainer, {
    ...options,
    steps,
    stepsPerEpoch: loader.stepsPerEpoch,
    from: restored?.step ?? 0,
    secondsBefore: restored?.seconds ?? 0,
    skip: new Set([...restored?.skipped ?? [], ...options.skip ?? []]),
  });
  const batchesFrom = (step: number) => {
    const from = { epoch: Math.floor(step / loader.stepsPerEpoch), step: step % loader.stepsPerEpoch };
    return loader.batches({ from, untilEpoch: training.epochs });
  };
  await session.begin();
  try {
    if (session.step < steps) {
      for await (const batch of batchesFrom(session.step)) {
        // Several ranks stop when all of them know of it: after a step.
        if (ranks === undefined && options.signal?.aborted) break;
        await session.run(batch);
        await session.afterStep();
        if (session.stopped) break;
      }
    }
    return await session.end();
  } catch (error) {
    if (!(error instanceof NonFiniteStepError) || error.found) throw error;
    const found = await firstNonFinite({
      device,
      config: ranks === undefined ? config : ofOneRank(config, ranks),
      data,
      state: () => trainer.read(),
      batches: batchesFrom(error.step),
      settings: session.settings(error.step),
    });
    throw found ? error.because(found) : error;
  }
}

/**
 * Whether a step's results are non-finite for a reason other than its loss scale: if scaled gradients overflow float16,
 * the optimiser skips the step and halves the scale, as long as that is possible.
 */
function isBad({ loss, gradientNorm, lossScale = LEAST_LOSS_SCALE }: MetricsLine): boolean {
  return !Number.isFinite(loss) || (!Number.isFinite(gradientNorm) && lossScale <= LEAST_LOSS_SCALE);
}

/** The steps between two readings of metrics by several ranks: every checkpoint follows a reading. */
function readSteps(checkpointSteps: number): number {
  if (checkpointSteps === Infinity) return RANKS_READ;
  let steps = Math.min(RANKS_READ, checkpointSteps);
  while (checkpointSteps % steps !== 0) steps--;
  return steps;
}

/** The configuration of a run on a rank's part of each batch, as if it were the batch. */
function ofOneRank(config: RunConfig, { size }: RunRanks): RunConfig {
  return { ...config, training: { ...config.training, batchSize: config.training.batchSize / size } };
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

/**
 * Creates the trainer.
 *
 * @throws {BatchTooLargeError} with a batch size that fits.
 */
async function createFittingTrainer(
  device: Device,
  { config, data, ...rest }: { config: RunConfig; data: RunData; checkNumerics: boolean; ranks?: RunRanks },
): Promise<RunTrainer> {
  const create = async (batchSize: number) => {
    const trainer = await createRunTrainer(device, {
      config: { ...config, training: { ...config.training, batchSize } },
      data,
      ...rest,
    });
    try {
      // There must be room for checkpoints too, which are read back through a separate buffer.
      await trainer.read();
      return trainer;
    } catch (error) {
      trainer[Symbol.dispose]();
      throw error;
    }
  };
  const { batchSize } = config.training;
  try {
    return await create(batchSize);
  } catch (error) {
    // The other ranks wait meanwhile, so none searches for a size that fits.
    if (!(error instanceof OutOfMemoryError) || rest.ranks !== undefined) throw error;
    const fits = async (size: number) => {
      try {
        using _trainer = await create(size);
        return true;
      } catch (failure) {
        if (failure instanceof OutOfMemoryError) return false;
        throw failure;
      }
    };
    throw new BatchTooLargeError(error, { batchSize, fits: await largestBatch(fits, { under: batchSize }) });
  }
}

interface SessionOptions extends TrainRunOptions {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly skip: ReadonlySet<number>;
  readonly from: number;
  readonly secondsBefore: number;
}

/** One process's share of a run. */
class Session {
  /** The next step. */
  step: number;
  readonly #alpha: Schedule;
  readonly #beta: Schedule;
  readonly #started = performance.now();
  #lastRead = this.#started;
  #lastSave = this.#started;
  #lastSaved: number;
  #readFrom: number;

  constructor(private readonly trainer: RunTrainer, private readonly options: SessionOptions) {
    this.step = options.from;
    this.#readFrom = options.from;
    this.#lastSaved = options.from;
    const { training } = options.config;
    // A classifier has no prior.
    this.#alpha = isSupervised(options.config) ? () => 0 : alphaSchedule(training);
    this.#beta = betaSchedule(training);
  }

  /** Whether this process writes the run's files: the only one, or rank 0. */
  get #writes(): boolean {
    return (this.options.ranks?.rank ?? 0) === 0;
  }

  /** Whether all ranks stop here, because one of them was asked to. */
  get stopped(): boolean {
    return this.trainer instanceof ParallelTrainer && this.trainer.stopped;
  }

  /** Truncates the metrics file to where the run resumes. */
  async begin(): Promise<void> {
    const { metrics } = runPaths(this.options.directory);
    if (this.#writes) {
      const kept = await readMetricsFile(metrics, { before: this.step });
      await writeFileAtomic(metrics, kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
    }
    const { steps, from } = this.options;
    const { parameters, memory, dispatchCount } = this.trainer;
    this.options.onStart?.({ steps, from, parameters: parameters.count, memory, dispatches: dispatchCount });
  }

  async run(batch: Batch): Promise<void> {
    // A skipped step keeps its number, so that the random numbers and the order of the others do not change.
    if (!this.options.skip.has(this.step)) {
      const settings = this.settings(this.step);
      if (this.trainer instanceof ParallelTrainer) {
        await this.trainer.step(batch, settings, { stop: this.options.signal?.aborted ?? false });
      } else this.trainer.step(batch, settings);
    }
    this.step++;
  }

  async afterStep(): Promise<void> {
    const { steps, checkpointSeconds = 300, checkpointSteps = Infinity } = this.options;
    const now = performance.now();
    const queued = this.step - this.#readFrom;
    if (this.options.ranks !== undefined) {
      // All ranks read at the same steps, so that a step that is not finite is found by all at once.
      if (queued < readSteps(checkpointSteps) && this.step < steps && !this.stopped) return;
      await this.#read();
    } else if (queued >= MAX_QUEUED || now - this.#lastRead >= READ_INTERVAL || this.step === steps) {
      await this.#read();
    }
    const due = this.step - this.#lastSaved >= checkpointSteps ||
      performance.now() - this.#lastSave >= checkpointSeconds * 1000;
    if (due) await this.#save();
  }

  async end(): Promise<TrainedRun> {
    if (this.step > this.#lastSaved) await this.#save();
    return {
      steps: this.step,
      stopped: this.step < this.options.steps,
      seconds: this.#seconds(),
      parameters: this.trainer.parameters.count,
      skipped: this.#skipped(),
    };
  }

  /** The settings of a step. */
  settings(step: number): StepSettings {
    const { learningRate } = this.options.config.training;
    return { step, learningRate, beta: this.#beta(step), alpha: this.#alpha(step) };
  }

  #seconds(): number {
    return this.options.secondsBefore + (performance.now() - this.#started) / 1000;
  }

  async #read(): Promise<void> {
    const skipped = this.options.skip.size;
    const entries = await this.trainer.readMetrics().catch((error) => {
      throw error instanceof NonFiniteError ? new NonFiniteStepError({ step: error.step, skipped }, error) : error;
    });
    if (entries.length === 0) return;
    const now = performance.now();
    const { config, steps } = this.options;
    const studiesPerSecond = entries.length * config.training.batchSize / ((now - this.#lastRead) / 1000);
    this.#lastRead = now;
    this.#readFrom = this.step;
    const lines = entries.map(({ step, values }): MetricsLine => {
      const { alpha, learningRate } = this.settings(step);
      const { loss = NaN, gradientNorm = NaN, ...parts } = values;
      return {
        step,
        loss,
        ...parts,
        gradientNorm,
        alpha,
        learningRate,
        studiesPerSecond,
        seconds: this.#seconds(),
      };
    });
    const bad = lines.find(isBad);
    const good = bad ? lines.filter((line) => line.step < bad.step) : lines;
    if (this.#writes) appendMetrics(runPaths(this.options.directory).metrics, good);
    if (bad) throw new NonFiniteStepError({ step: bad.step, logged: bad, skipped });
    this.options.onProgress?.({ done: this.step, steps, epoch: this.#epoch(), last: lines.at(-1)! });
  }

  async #save(): Promise<void> {
    await this.#read();
    if (!this.#writes) return;
    const { directory, config, keep } = this.options;
    const paths = runPaths(directory);
    await syncFile(paths.metrics);
    await saveRun(this.trainer, {
      paths,
      config,
      step: this.step,
      epoch: this.#epoch(),
      seconds: this.#seconds(),
      skipped: this.#skipped(),
      keep: keep ?? 2,
    });
    this.#lastSave = performance.now();
    this.#lastSaved = this.step;
  }

  /** Number of epochs begun. */
  #epoch(): number {
    return Math.ceil(this.step / this.options.stepsPerEpoch);
  }

  #skipped(): number[] {
    return [...this.options.skip].filter((step) => step < this.step).sort((a, b) => a - b);
  }
}
