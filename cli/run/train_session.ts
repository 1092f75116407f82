/**
 * The session of a run that trains, evaluates and reports: what `train` and `train:mpi` share.
 *
 * @module
 */
import { fromFlags } from "../../base/setting_group.ts";
import { readRegularText } from "../../base/regular_file.ts";
import { evaluateRun, loggedEvaluation, type Results, validationAuroc } from "../../eval/mod.ts";
import { arePhantoms } from "../../phantoms/mod.ts";
import { Device, type DeviceTuner, type KernelTuner } from "../../runtime/mod.ts";
import {
  type EarlyStop,
  logEvaluation,
  openRunTuner,
  ReplaceableDevice,
  runPaths,
  type RunRanks,
  throughDeviceFailures,
  type TrainedRun,
  trainThroughFaults,
  type ValidationLine,
} from "../../training/mod.ts";
import { SESSION_SETTINGS } from "../../training/run/run_settings.ts";
import { mergeValues, parseConfig, type Parsed } from "../options/options.ts";
import { COMMAND_LINE_ONLY, TRAIN_OPTIONS, type TrainValues } from "../options/run_options.ts";
import { printable, UserError } from "../terminal/errors.ts";
import { startProgress } from "../terminal/progress.ts";
import { CACHE } from "./phantom_data.ts";
import { softwareVersions, stageProgress } from "./run_output.ts";
import type { StartedRun } from "./start_run.ts";
import { scoreTables } from "./score_tables.ts";
import { writeReport } from "./write_report.ts";

/** A run in progress. */
export interface Running extends StartedRun {
  readonly directory: string;
  readonly devices: ReplaceableDevice;
  readonly tuner: RunTuner | undefined;
  readonly values: TrainValues;
  readonly signal: AbortSignal;
  /** The processes that train it together. */
  readonly ranks?: RunRanks;
  /** Show no progress. */
  readonly quiet?: boolean;
}

/** The values of `train`'s flags: those of a `--config` file, overridden by those of the command line. */
export async function trainValues(
  { given }: Pick<Parsed<typeof TRAIN_OPTIONS>, "given">,
): Promise<{ values: TrainValues; given: Partial<TrainValues> }> {
  const fromFile = given.config === undefined ? {} : await readConfigFile(given.config);
  return { values: mergeValues(TRAIN_OPTIONS, fromFile, given), given: { ...fromFile, ...given } };
}

/** One tuner for all devices of a run, created when the first device is opened. */
export class RunTuner {
  #made: Promise<KernelTuner> | undefined;

  constructor(private readonly directory: string, private readonly options: { resume: boolean }) {}

  /** For `Device.open()`. */
  readonly forAdapter = (adapter: string): Promise<KernelTuner> => {
    const { directory, options: { resume } } = this;
    return this.#made ??= openRunTuner(adapter, { directory, cache: CACHE, resume, onWarning: warn });
  };

  /** Stops tuning, so that evaluation gives the same results as `deno task evaluate`. */
  async rest(): Promise<void> {
    (await this.#made)?.rest();
  }
}

/** Opens the device of a run. */
export async function openDevices(
  { gpuMemory }: TrainValues,
  tuner: DeviceTuner | ((adapter: string) => Promise<DeviceTuner>) | undefined,
): Promise<ReplaceableDevice> {
  const limit = gpuMemory === undefined ? {} : { memoryLimit: gpuMemory * 2 ** 20 };
  const tuned = tuner ? { tuner } : {};
  return await ReplaceableDevice.open(() => Device.open({ ...limit, ...tuned }));
}

/** Prints which adapter a run uses. */
export function sayAdapter({ current: { description, target } }: ReplaceableDevice): void {
  console.error(`adapter: ${description}, kernels for ${target.profile}`);
}

/** Rejects once a signal is aborted. */
export function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

async function readConfigFile(file: string): Promise<Partial<TrainValues>> {
  let value: unknown;
  try {
    value = JSON.parse(await readRegularText(file, { maxBytes: 2 ** 20, kind: "a configuration" }));
  } catch (error) {
    throw new UserError(
      `${file} cannot be read as JSON (${(error as Error).message}); give --config another`,
    );
  }
  return parseConfig(TRAIN_OPTIONS, value, { source: file, ignore: COMMAND_LINE_ONLY });
}

/** Trains a run, showing its progress. */
export async function train(run: Running): Promise<TrainedRun> {
  const { config, data, directory, devices, values, signal, ranks, quiet = false } = run;
  let progress: ReturnType<typeof startProgress> | undefined;
  try {
    const trained = await trainThroughFaults({
      config,
      directory,
      data,
      devices,
      signal,
      ...(ranks ? { ranks } : {}),
      resume: values.resume,
      auroc: validationAuroc,
      ...fromFlags(SESSION_SETTINGS, values),
      onStart: ({ steps, from, parameters, memory, dispatches }) => {
        if (quiet) return;
        const mebibytes = (memory.arena / 2 ** 20).toFixed(1);
        console.error(
          `${config.model.method}, ${
            parameters.toLocaleString("en")
          } parameters, ${steps} steps of ${config.training.batchSize} pairs, ` +
            `${dispatches} dispatches per step, ${mebibytes} MiB of activations and gradients`,
        );
        progress = startProgress("training", { total: steps, from });
      },
      onProgress: ({ done, last, validation }) =>
        progress?.update(done, {
          loss: last.loss.toFixed(1),
          ...(last.reconstruction === undefined ? {} : { reconstruction: last.reconstruction.toFixed(1) }),
          ...(last.kl === undefined ? {} : { kl: last.kl.toFixed(1) }),
          ...shown(validation),
          "studies/s": last.studiesPerSecond.toFixed(0),
          "GPU MiB": (devices.current.allocatedBytes / 2 ** 20).toFixed(0),
        }),
      onWarning: (message) => {
        // Each attempt has a progress display of its own.
        progress?.stop();
        warn(message);
      },
    });
    progress?.stop();
    const { early, skipped, steps } = trained;
    if (early && !quiet) console.error(earlyStop(early, { steps }));
    if (skipped.length > 0) warn(`${skipped.length} batches were skipped, at steps ${skipped.join(", ")}`);
    return trained;
  } finally {
    progress?.stop();
  }
}

/** A validation on the progress line. */
function shown(validation: ValidationLine | undefined): Record<string, string> {
  if (validation === undefined) return {};
  const { loss, auroc } = validation;
  return { "val. loss": loss.toFixed(1), ...(auroc ? { "val. AUROC": (auroc.mean ?? NaN).toFixed(3) } : {}) };
}

/** Why a run stopped early, and where its best checkpoint is. */
function earlyStop({ patience, best }: EarlyStop, { steps }: { steps: number }): string {
  const what = best?.by === "auroc" ? "higher AUROC" : "lower loss";
  const where = best ? `; the best was ${best.value.toPrecision(6)} after step ${best.step}` : "";
  return `stopped early at step ${steps}, after ${patience} validations without a ${what}${where}`;
}

/** Evaluates a trained run and writes its report. */
export async function evaluate(run: Running, command: string): Promise<void> {
  const { config, data, directory, devices, tuner, values, signal } = run;
  await tuner?.rest();
  using progress = stageProgress();
  const results = await throughDeviceFailures(devices, (device) =>
    evaluateRun({
      config,
      directory,
      data,
      device,
      checkpoint: values.checkpoint,
      untrained: values.untrained,
      pictures: true,
      arePhantoms: (names) => arePhantoms(data.index.root, names),
      commands: [command],
      versions: softwareVersions(),
      seconds: { prepare: data.prepareSeconds },
      signal,
      onProgress: progress.update,
      onWarning: warn,
    }), { onWarning: warn });
  progress.stop();
  const report = await writeReport(results, { path: runPaths(directory).report });
  console.log(
    config.training.noEvaluation ? "not evaluated (--no-evaluation)" : printable(scoreTables(results)),
  );
  console.log(`\nreport: ${report}`);
  if (values.log) await logResults(run, results);
}

/** Passes the evaluation to the loggers. */
async function logResults(run: Running, results: Results): Promise<void> {
  const { config, data, directory, devices, values } = run;
  const { root, source } = data.index;
  const trusted = source.generated !== undefined || (config.data.trustSynthetic ?? false);
  const found = await throughDeviceFailures(devices, (device) =>
    loggedEvaluation({
      config,
      directory,
      data,
      device,
      results,
      checkpoint: values.checkpoint,
      maySee: (names) => trusted ? Promise.resolve(true) : arePhantoms(root, names),
      onWarning: warn,
    }), { onWarning: warn });
  await logEvaluation(found, { config, directory, log: values.log });
}

/** Prints a warning. */
export function warn(message: string): void {
  console.error(printable(`warning: ${message}`));
}
