/**
 * Training a run: data to batches to steps, with metrics and checkpoints on disk, resumable at any step.
 *
 * @module
 */
import { type Batch, createLoader } from "../../data/mod.ts";
import type { StepSettings, Trainer } from "../../models/mod.ts";
import { type Device, NonFiniteError, type ProgramMemory, type Schedule } from "../../runtime/mod.ts";
import { alphaSchedule, betaSchedule } from "./annealing.ts";
import { restoreRun, saveRun } from "./run_checkpoint.ts";
import type { RunConfig } from "./run_config.ts";
import type { RunData } from "./run_data.ts";
import { appendMetrics, type MetricsLine, readMetricsFile, runPaths, writeWhole } from "./run_directory.ts";
import { createRunTrainer, isSupervised, trainingPairs } from "./run_trainer.ts";

/** Where training is. */
export interface TrainProgress {
  /** Steps done, of `steps`. */
  readonly done: number;
  readonly steps: number;
  readonly epoch: number;
  readonly last: MetricsLine;
}

/** What to train, and whom to tell. */
export interface TrainRunOptions {
  readonly config: RunConfig;
  readonly directory: string;
  readonly data: RunData;
  readonly device: Device;
  /** Go on from the last good checkpoint; without one, from the start. */
  readonly resume?: boolean;
  /** Seconds between checkpoints, 300 by default; one is written at the end in any case. */
  readonly checkpointSeconds?: number;
  /** Checkpoints that are kept, 2 by default. */
  readonly keep?: number;
  /** Asks to stop: the step that runs is finished and saved. */
  readonly signal?: AbortSignal;
  readonly onStart?: (
    about: { steps: number; from: number; parameters: number; memory: ProgramMemory; dispatches: number },
  ) => void;
  readonly onProgress?: (progress: TrainProgress) => void;
  readonly onWarning?: (message: string) => void;
}

/** How training ended. */
export interface TrainedRun {
  readonly steps: number;
  /** True where it was asked to stop before the last step. */
  readonly stopped: boolean;
  /** Seconds of training, all sessions of the run together. */
  readonly seconds: number;
  readonly parameters: number;
}

/** At least this often (milliseconds) metrics are read and progress is shown. */
const READ_INTERVAL = 1000;
/** Steps that may be queued on the GPU without waiting. */
const MAX_QUEUED = 32;

/**
 * Trains a run to its end, or until it is asked to stop.
 *
 * @throws {DataError} where the data do not fill a batch, or a checkpoint belongs to another configuration.
 * @throws {NonFiniteError} where the loss or a gradient is not finite; the last checkpoint stays as it was.
 */
export async function trainRun(options: TrainRunOptions): Promise<TrainedRun> {
  const { config, directory, data, device } = options;
  const { training } = config;
  const loader = createLoader(data.pixels, {
    index: data.index,
    pairs: trainingPairs(config, data),
    batchSize: training.batchSize,
    seed: training.seed,
  });
  using trainer = await createRunTrainer(device, { config, data });
  const paths = runPaths(directory);
  await Deno.mkdir(paths.checkpoints, { recursive: true });
  const restored = options.resume
    ? await restoreRun(trainer, { paths, config, ...(options.onWarning ? { onWarning: options.onWarning } : {}) })
    : undefined;
  const steps = loader.stepsPerEpoch * training.epochs;
  const session = new Session(trainer, {
    ...options,
    steps,
    from: restored?.step ?? 0,
    secondsBefore: restored?.seconds ?? 0,
  });
  await session.begin();
  const position = {
    epoch: Math.floor(session.step / loader.stepsPerEpoch),
    step: session.step % loader.stepsPerEpoch,
  };
  if (session.step < steps) {
    for await (const batch of loader.batches({ from: position, untilEpoch: training.epochs })) {
      if (options.signal?.aborted) break;
      session.run(batch);
      await session.afterStep(batch.epoch);
    }
  }
  return await session.end();
}

interface SessionOptions extends TrainRunOptions {
  readonly steps: number;
  readonly from: number;
  readonly secondsBefore: number;
}

/** One process's part in a run. */
class Session {
  /** The next step. */
  step: number;
  readonly #alpha: Schedule;
  readonly #beta: Schedule;
  readonly #started = performance.now();
  #lastRead = this.#started;
  #lastSave = this.#started;
  #readFrom: number;

  constructor(private readonly trainer: Trainer<Batch>, private readonly options: SessionOptions) {
    this.step = options.from;
    this.#readFrom = options.from;
    const { training } = options.config;
    // A classifier has no latents to hold to a prior.
    this.#alpha = isSupervised(options.config) ? () => 0 : alphaSchedule(training);
    this.#beta = betaSchedule(training);
  }

  /** Puts the metrics file where the run goes on from. */
  async begin(): Promise<void> {
    const { metrics } = runPaths(this.options.directory);
    const kept = await readMetricsFile(metrics, { before: this.step });
    await writeWhole(metrics, kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const { steps, from } = this.options;
    const { parameters, memory, dispatchCount } = this.trainer;
    this.options.onStart?.({ steps, from, parameters: parameters.count, memory, dispatches: dispatchCount });
  }

  run(batch: Batch): void {
    this.trainer.step(batch, this.#settings(this.step));
    this.step++;
  }

  async afterStep(epoch: number): Promise<void> {
    const now = performance.now();
    const queued = this.step - this.#readFrom;
    if (queued >= MAX_QUEUED || now - this.#lastRead >= READ_INTERVAL || this.step === this.options.steps) {
      await this.#read(epoch);
    }
    const every = (this.options.checkpointSeconds ?? 300) * 1000;
    if (performance.now() - this.#lastSave >= every) await this.#save(epoch);
  }

  async end(): Promise<TrainedRun> {
    const { steps, config } = this.options;
    if (this.step > this.options.from) await this.#save(config.training.epochs);
    return {
      steps: this.step,
      stopped: this.step < steps,
      seconds: this.#seconds(),
      parameters: this.trainer.parameters.count,
    };
  }

  #settings(step: number): StepSettings {
    const { learningRate } = this.options.config.training;
    return { step, learningRate, beta: this.#beta(step), alpha: this.#alpha(step) };
  }

  #seconds(): number {
    return this.options.secondsBefore + (performance.now() - this.#started) / 1000;
  }

  async #read(epoch: number): Promise<void> {
    const entries = await this.trainer.readMetrics();
    if (entries.length === 0) return;
    const now = performance.now();
    const { config, steps } = this.options;
    const studiesPerSecond = entries.length * config.training.batchSize / ((now - this.#lastRead) / 1000);
    this.#lastRead = now;
    this.#readFrom = this.step;
    const lines = entries.map(({ step, values }): MetricsLine => {
      const { alpha, learningRate } = this.#settings(step);
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
    const bad = lines.find(({ loss, gradientNorm }) => !Number.isFinite(loss) || !Number.isFinite(gradientNorm));
    const good = bad ? lines.filter((line) => line.step < bad.step) : lines;
    appendMetrics(runPaths(this.options.directory).metrics, good);
    if (bad) throw nonFinite(bad);
    this.options.onProgress?.({ done: this.step, steps, epoch, last: lines.at(-1)! });
  }

  async #save(epoch: number): Promise<void> {
    await this.#read(epoch);
    const { directory, config, keep } = this.options;
    await saveRun(this.trainer, {
      paths: runPaths(directory),
      config,
      step: this.step,
      epoch,
      seconds: this.#seconds(),
      keep: keep ?? 2,
    });
    this.#lastSave = performance.now();
  }
}

function nonFinite({ step, loss, gradientNorm }: MetricsLine): NonFiniteError {
  const what = Number.isFinite(loss) ? `the gradient's norm is ${gradientNorm}` : `the loss is ${loss}`;
  return new NonFiniteError(
    "loss",
    step,
    `${what} at step ${step}; the last checkpoint is untouched: go on from it with --resume and a smaller --lr`,
  );
}
