/**
 * One process's share of training a run: its steps, metrics and checkpoints.
 *
 * @module
 */
import type { Batch } from "../data/mod.ts";
import { methodKind, ParallelTrainer, type StepSettings } from "../models/mod.ts";
import { LEAST_LOSS_SCALE, NonFiniteError, type Schedule } from "../runtime/mod.ts";
import { alphaSchedule, betaSchedule } from "./annealing.ts";
import { createLoggers } from "./loggers/create_loggers.ts";
import type { RunLogger } from "./loggers/logger.ts";
import { NonFiniteStepError } from "./non_finite.ts";
import { learningRateSchedule } from "./optimization.ts";
import { type CheckpointChoice, saveRun } from "./run/run_checkpoint.ts";
import { type MetricsLine, readMetricsFile, readValidations, runPaths } from "./run/run_directory.ts";
import type { ValidationLine } from "./run/validation_line.ts";
import type { RunTrainer } from "./run_trainer.ts";
import type { TrainedRun, TrainProgress, TrainRunOptions } from "./train_run_options.ts";
import type { EarlyStop, Validation } from "./validation/validation.ts";

/** Metrics are read and progress is shown at least this often, in milliseconds. */
const READ_INTERVAL = 1000;
/** Steps that may be queued on the GPU without waiting. */
const MAX_QUEUED = 32;
/** Several ranks read the metrics at least this often, in steps. */
const RANKS_READ = 8;

/** Options of {@linkcode Session}. */
export interface SessionOptions extends TrainRunOptions {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly skip: ReadonlySet<number>;
  readonly from: number;
  readonly secondsBefore: number;
  /** The validations of the run, unless it has none. */
  readonly validation?: Validation | undefined;
}

/** One process's share of a run. */
export class Session {
  /** The next step. */
  step: number;
  readonly #alpha: Schedule;
  readonly #beta: Schedule;
  readonly #log: RunLogger;
  readonly #learningRate: Schedule;
  readonly #started = performance.now();
  #lastRead = this.#started;
  #lastSave = this.#started;
  #lastSaved: number;
  #validated: ValidationLine | undefined;
  #progress: Omit<TrainProgress, "validation"> | undefined;
  #readFrom: number;

  constructor(private readonly trainer: RunTrainer, private readonly options: SessionOptions) {
    this.step = options.from;
    this.#readFrom = options.from;
    this.#lastSaved = options.from;
    this.#log = createLoggers(options);
    const { training } = options.config;
    // Only VAEs have a prior.
    this.#alpha = methodKind(options.config.model.method) !== "vae" ? () => 0 : alphaSchedule(training);
    this.#beta = betaSchedule(training);
    this.#learningRate = learningRateSchedule(training, {
      steps: options.steps,
      losses: (step) => this.validationLosses(step),
    });
  }

  /** Whether this process writes the run's files: the only one, or rank 0. */
  get #writes(): boolean {
    return (this.options.ranks?.rank ?? 0) === 0;
  }

  /** Whether all ranks stop here, because one of them was asked to. */
  get stopped(): boolean {
    return this.trainer instanceof ParallelTrainer && this.trainer.stopped;
  }

  /** Why training is to stop early, if it is. */
  get early(): EarlyStop | undefined {
    return this.options.validation?.early;
  }

  /** Truncates the logs to where the run resumes. */
  async begin(): Promise<void> {
    const { steps, from, validation } = this.options;
    const { metrics } = runPaths(this.options.directory);
    let validations: ValidationLine[] = [];
    if (this.#writes) {
      const kept = await readMetricsFile(metrics, { before: this.step });
      validations = await readValidations(metrics, { upTo: this.step });
      await this.#log.begin(inOrder(kept, validations));
    }
    await validation?.resume(validations);
    this.#validated = validations.at(-1);
    // The run may have been killed between the checkpoint and its copy.
    if (validation?.isBest(from)) await this.#saveAs("best");
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
    const validated = this.options.validation?.isDue(this.step, { steps }) ?? false;
    if (validated) await this.#validate(this.options.validation!);
    const queued = this.step - this.#readFrom;
    if (this.options.ranks !== undefined) {
      // All ranks read at the same steps, so that a step that is not finite is found by all at once.
      const reads = validated || this.step % readSteps(checkpointSteps) === 0 || this.step === steps || this.stopped;
      if (!reads) return;
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
    const { early } = this;
    const finished = this.step >= this.options.steps || early !== undefined;
    if (this.#writes) await this.#log.end({ finished });
    return {
      steps: this.step,
      stopped: this.step < this.options.steps && early === undefined,
      ...(early ? { early } : {}),
      seconds: this.#seconds(),
      parameters: this.trainer.parameters.count,
      skipped: this.#skipped(),
    };
  }

  /** The settings of a step. */
  settings(step: number): StepSettings {
    return { step, learningRate: this.#learningRate(step), beta: this.#beta(step), alpha: this.#alpha(step) };
  }

  /** The validation losses after at most so many steps, oldest first, for schedules that depend on them. */
  validationLosses(step: number): number[] {
    return this.options.validation?.losses(step) ?? [];
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
    if (this.#writes) this.#log.write(good);
    if (bad) throw new NonFiniteStepError({ step: bad.step, logged: bad, skipped });
    this.#progress = { done: this.step, steps, epoch: this.#epoch(), last: lines.at(-1)! };
    this.#tell();
  }

  /** Reports the progress, with the last validation. */
  #tell(): void {
    if (!this.#progress) return;
    const validation = this.#validated;
    this.options.onProgress?.({ ...this.#progress, ...(validation ? { validation } : {}) });
  }

  /** Validates the parameters after the steps so far, and keeps a checkpoint of them if they are the best. */
  async #validate(validation: Validation): Promise<void> {
    // Steps that are not finite are found before their parameters are measured.
    await this.#read();
    const { steps } = this.options;
    // The objective at the end of the run, so that losses of different steps can be compared.
    const settings = this.settings(Math.max(0, steps - 1));
    const at = { step: this.step, epoch: this.#epoch(), seconds: this.#seconds() };
    this.#validated = await validation.measure(at, settings);
    this.#lastRead = performance.now();
    if (this.#writes) this.#log.write([this.#validated]);
    this.#tell();
    if (!validation.isBest(this.step)) return;
    // A regular one first: a run is never resumed from before its best checkpoint.
    await this.#save();
    await this.#saveAs("best");
  }

  async #save(): Promise<void> {
    await this.#read();
    await this.#saveAs("last");
    this.#lastSave = performance.now();
    this.#lastSaved = this.step;
  }

  async #saveAs(which: CheckpointChoice): Promise<void> {
    if (!this.#writes) return;
    const { directory, config, keep = 2 } = this.options;
    const paths = runPaths(directory);
    await this.#log.sync();
    await saveRun(this.trainer, {
      paths,
      config,
      step: this.step,
      epoch: this.#epoch(),
      seconds: this.#seconds(),
      skipped: this.#skipped(),
      keep: which === "best" ? 1 : keep,
      which,
    });
  }

  /** Number of epochs begun. */
  #epoch(): number {
    return Math.ceil(this.step / this.options.stepsPerEpoch);
  }

  #skipped(): number[] {
    return [...this.options.skip].filter((step) => step < this.step).sort((a, b) => a - b);
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

/** Steps and validations in the order in which they happened. */
function inOrder(
  steps: readonly MetricsLine[],
  validations: readonly ValidationLine[],
): (MetricsLine | ValidationLine)[] {
  // A step's number counts from 0, so a validation after n steps comes behind step n - 1.
  const when = (line: MetricsLine | ValidationLine) => "kind" in line ? line.step - 0.5 : line.step;
  return [...steps, ...validations].sort((a, b) => when(a) - when(b));
}
