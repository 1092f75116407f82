/**
 * The loggers of a run.
 *
 * @module
 */
import type { RunConfig } from "../run/run_config.ts";
import { runPaths } from "../run/run_directory.ts";
import type { LogFormat } from "./log_formats.ts";
import type { LoggedEvaluation, LoggedLine, RunLogger } from "./logger.ts";
import { MetricsLog } from "./metrics_log.ts";
import { MlflowLog } from "./mlflow/mlflow_log.ts";
import { TensorboardLog } from "./tensorboard/tensorboard_log.ts";

/** Options of {@link createLoggers}. */
export interface LoggerOptions {
  /** The configuration of the run. */
  readonly config: RunConfig;
  /** Folder of the run. */
  readonly directory: string;
  /** Formats beside `metrics.jsonl`; none by default. */
  readonly log?: readonly LogFormat[] | undefined;
}

/** Several loggers as one: `metrics.jsonl` first, from which the others can be made anew. */
export function createLoggers(options: LoggerOptions): RunLogger {
  return new Loggers([new MetricsLog(runPaths(options.directory).metrics), ...extraLoggers(options)]);
}

/** Passes what an evaluation found to the loggers of a run. */
export async function logEvaluation(found: LoggedEvaluation, options: LoggerOptions): Promise<void> {
  await new Loggers(extraLoggers(options)).evaluated(found);
}

function extraLoggers({ config, directory, log = [] }: LoggerOptions): RunLogger[] {
  return [...new Set(log)].map((format) =>
    format === "tensorboard"
      ? new TensorboardLog(runPaths(directory).tensorboard)
      : new MlflowLog(directory, { name: config.name, config: { ...config } })
  );
}

class Loggers implements RunLogger {
  constructor(private readonly each: readonly RunLogger[]) {}

  async begin(lines: readonly LoggedLine[]): Promise<void> {
    for (const logger of this.each) await logger.begin(lines);
  }

  write(lines: readonly LoggedLine[]): void {
    for (const logger of this.each) logger.write(lines);
  }

  async sync(): Promise<void> {
    for (const logger of this.each) await logger.sync();
  }

  async end(state: { finished: boolean }): Promise<void> {
    for (const logger of this.each) await logger.end(state);
  }

  async evaluated(found: LoggedEvaluation): Promise<void> {
    for (const logger of this.each) await logger.evaluated(found);
  }
}
