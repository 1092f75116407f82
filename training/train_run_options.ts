/**
 * Options, progress and outcome of training a run.
 *
 * @module
 */
import type { Device, ProgramMemory } from "../runtime/mod.ts";
import type { RunData } from "./data/run_data.ts";
import type { LogFormat } from "./loggers/log_formats.ts";
import type { RunRanks } from "./ranks.ts";
import type { RunConfig } from "./run/run_config.ts";
import type { MetricsLine } from "./run/run_directory.ts";
import type { ValidationLine } from "./run/validation_line.ts";
import type { EarlyStop } from "./validation/validation.ts";
import type { AurocMeasures } from "./validation/validation_auroc.ts";

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
  /** The last validation, if there was one. */
  readonly validation?: ValidationLine;
}

/** Options of `trainRun()`. */
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
  /** Formats in which training is logged besides `metrics.jsonl`; none by default. */
  readonly log?: readonly LogFormat[] | undefined;
  /** Look for NaN and infinity in every op's results; see `CompileOptions.checkNumerics`. Slow. */
  readonly checkNumerics?: boolean;
  /**
   * The processes that train the run together, each calling this with its own device. Rank 0 alone reads and writes the
   * run's directory; when one of them is stopped, all stop at the same step.
   */
  readonly ranks?: RunRanks;
  /** How AUROC is measured in validations; required by runs that want it. */
  readonly auroc?: AurocMeasures;
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

/** Outcome of `trainRun()`. */
export interface TrainedRun {
  /** Steps done. */
  readonly steps: number;
  /** True if it was stopped before the last step, unless by `patience`. */
  readonly stopped: boolean;
  /** Why it stopped early, if it did by `patience`. */
  readonly early?: EarlyStop;
  /** Seconds of training, all sessions of the run together. */
  readonly seconds: number;
  /** Number of trained parameters. */
  readonly parameters: number;
  /** Steps that were skipped. */
  readonly skipped: readonly number[];
}
