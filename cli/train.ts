/**
 * `deno task train`: from files on disk to a trained model, its evaluation and its report.
 *
 * @module
 */
import { arePhantoms } from "../phantoms/mod.ts";
import { fromFlags } from "../base/setting_group.ts";
import { evaluateRun, formatAurocTable } from "../eval/mod.ts";
import {
  openRunTuner,
  ReplaceableDevice,
  runPaths,
  throughDeviceFailures,
  type TrainedRun,
  trainThroughFaults,
} from "../training/mod.ts";
import { SESSION_SETTINGS } from "../training/run/run_settings.ts";
import { Device, type KernelTuner } from "../runtime/mod.ts";
import { readRegularText } from "../base/regular_file.ts";
import { printable, UserError } from "./terminal/errors.ts";
import { CACHE } from "./run/phantom_data.ts";
import { mergeValues, parseArguments, parseConfig } from "./options/options.ts";
import { startProgress } from "./terminal/progress.ts";
import { softwareVersions, stageProgress } from "./run/run_output.ts";
import { runCli } from "./terminal/run_cli.ts";
import { COMMAND_LINE_ONLY, runDirectory, TRAIN_OPTIONS, type TrainValues } from "./options/run_options.ts";
import { type StartedRun, startRun, takeRunDirectory } from "./run/start_run.ts";
import { stopSignals } from "./terminal/stop_signals.ts";
import { writeReport } from "./run/write_report.ts";

async function main(args: readonly string[]): Promise<number> {
  const spec = {
    name: "train",
    summary:
      "Trains a multimodal VAE, evaluates its latents and writes a report. Without flags: MMVM on phantoms, in a " +
      "few minutes.",
    options: TRAIN_OPTIONS,
  };
  const { given } = parseArguments(spec, args);
  const fromFile = given.config === undefined ? {} : await readConfigFile(given.config);
  const values = mergeValues(TRAIN_OPTIONS, fromFile, given);
  const directory = runDirectory(values.run);
  const stop = stopSignals("finishing the step and saving");
  const howToResume = `\`deno task train --run ${values.run} --resume\` resumes it`;
  using _lock = await takeRunDirectory(directory, { resume: values.resume });
  try {
    const started = await startRun(values, {
      directory,
      given: { ...fromFile, ...given },
      signal: stop.signal,
    });
    const tuner = values.noTune ? undefined : new RunTuner(directory, { resume: values.resume });
    using devices = await openDevices(values, tuner);
    const run: Running = { ...started, directory, devices, tuner, values, signal: stop.signal };
    const { steps, stopped } = await train(run);
    if (stopped) {
      console.error(`stopped at step ${steps}; ${howToResume}`);
      return stop.exitCode;
    }
    // Evaluation writes complete files at its end and can be stopped anywhere.
    await Promise.race([evaluate(run, ["deno task train", ...args].join(" ")), whenAborted(stop.signal)]);
    return 0;
  } catch (error) {
    if (error !== stop.signal.reason) throw error;
    console.error(`stopped; ${howToResume}`);
    return stop.exitCode;
  }
}

/** A run in progress. */
interface Running extends StartedRun {
  readonly directory: string;
  readonly devices: ReplaceableDevice;
  readonly tuner: RunTuner | undefined;
  readonly values: TrainValues;
  readonly signal: AbortSignal;
}

/** One tuner for all devices of a run, created when the first device is opened. */
class RunTuner {
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

async function openDevices({ gpuMemory }: TrainValues, tuner: RunTuner | undefined): Promise<ReplaceableDevice> {
  const limit = gpuMemory === undefined ? {} : { memoryLimit: gpuMemory * 2 ** 20 };
  const tuned = tuner ? { tuner: tuner.forAdapter } : {};
  const devices = await ReplaceableDevice.open(() => Device.open({ ...limit, ...tuned }));
  const { description, target } = devices.current;
  console.error(`adapter: ${description}, kernels for ${target.profile}`);
  return devices;
}

function whenAborted(signal: AbortSignal): Promise<never> {
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

async function train({ config, data, directory, devices, values, signal }: Running): Promise<TrainedRun> {
  let progress: ReturnType<typeof startProgress> | undefined;
  try {
    const trained = await trainThroughFaults({
      config,
      directory,
      data,
      devices,
      signal,
      resume: values.resume,
      ...fromFlags(SESSION_SETTINGS, values),
      onStart: ({ steps, from, parameters, memory, dispatches }) => {
        const mebibytes = (memory.arena / 2 ** 20).toFixed(1);
        console.error(
          `${config.model.method}, ${
            parameters.toLocaleString("en")
          } parameters, ${steps} steps of ${config.training.batchSize} pairs, ` +
            `${dispatches} dispatches per step, ${mebibytes} MiB of activations and gradients`,
        );
        progress = startProgress("training", { total: steps, from });
      },
      onProgress: ({ done, last }) =>
        progress?.update(done, {
          loss: last.loss.toFixed(1),
          ...(last.reconstruction === undefined ? {} : { reconstruction: last.reconstruction.toFixed(1) }),
          ...(last.kl === undefined ? {} : { kl: last.kl.toFixed(1) }),
          "studies/s": last.studiesPerSecond.toFixed(0),
        }),
      onWarning: (message) => {
        // Each attempt has a progress display of its own.
        progress?.stop();
        warn(message);
      },
    });
    progress?.stop();
    const { skipped } = trained;
    if (skipped.length > 0) warn(`${skipped.length} batches were skipped, at steps ${skipped.join(", ")}`);
    return trained;
  } finally {
    progress?.stop();
  }
}

async function evaluate(run: Running, command: string): Promise<void> {
  const { config, data, directory, devices, tuner, values, signal } = run;
  await tuner?.rest();
  using progress = stageProgress();
  const results = await throughDeviceFailures(devices, (device) =>
    evaluateRun({
      config,
      directory,
      data,
      device,
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
    config.training.noEvaluation ? "not evaluated (--no-evaluation)" : printable(formatAurocTable(results)),
  );
  console.log(`\nreport: ${report}`);
}

function warn(message: string): void {
  console.error(printable(`warning: ${message}`));
}

if (import.meta.main) await runCli(main);
