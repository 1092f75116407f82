/**
 * `deno task finetune RUN`: trains a linear head, and parts of the encoder if asked to, on fractions of the labels.
 *
 * @module
 */
import { join } from "node:path";
import { makeFolder } from "../base/atomic_file.ts";
import {
  evaluateRun,
  finetuneConfig,
  formatMacroTable,
  measureRun,
  prepareFinetuning,
  writeResults,
} from "../eval/mod.ts";
import { compareResults } from "../eval/results/compare_results.ts";
import type { Results } from "../eval/results/results.ts";
import { FINETUNED_PARTS } from "../models/mod.ts";
import { throughDeviceFailures } from "../training/mod.ts";
import { combineResults } from "../viz/report/combine_results.ts";
import { fractions, LABELLED } from "./options/labelled.ts";
import { choice, integer, number, parseArguments } from "./options/options.ts";
import { CHECKPOINT_OPTION, TRAIN_OPTIONS, type TrainValues } from "./options/run_options.ts";
import { checkWritable } from "./run/check_writable.ts";
import { openTrainedRun, RUN_OPERAND, TRAINED_RUN_OPTIONS } from "./run/open_trained_run.ts";
import { softwareVersions, stageProgress } from "./run/run_output.ts";
import { takeRunDirectory } from "./run/start_run.ts";
import { openDevices, type Running, sayAdapter, train, warn, whenAborted } from "./run/train_session.ts";
import { writeReport } from "./run/write_report.ts";
import { printable } from "./terminal/errors.ts";
import { invocation } from "./terminal/invocation.ts";
import { runCli } from "./terminal/run_cli.ts";
import { stopSignals } from "./terminal/stop_signals.ts";

const { epochs } = TRAIN_OPTIONS;

const OPTIONS = {
  ...TRAINED_RUN_OPTIONS,
  labelled: LABELLED,
  train: choice(FINETUNED_PARTS, {
    help: "what is trained besides the linear heads: nothing, the last block of each encoder, or all of it",
    default: "frozen",
  }),
  seed: integer({
    min: 0,
    max: 2 ** 31 - 1,
    help: "seed for sampling the labelled patients, as of probes",
    default: 0,
  }),
  epochs: { ...epochs, help: "passes over the training split; fractions of it are trained for as many steps" },
  lr: number({ above: 0, max: 1, help: "learning rate; by default 0.01 for frozen encoders, else 0.001" }),
  checkpoint: CHECKPOINT_OPTION,
  resamples: integer({ min: 1, max: 100_000, help: "number of bootstrap resamples", default: 1000 }),
};

/** Runs the command with these arguments; returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values, operands: [operand] } = parseArguments({
    name: "finetune",
    summary: "Trains a linear head for each view on a run's encoders, with fractions of the labels, and reports it " +
      "beside probes with the same labels. The same command continues after an interruption.",
    options: OPTIONS,
    operands: RUN_OPERAND,
  }, args);
  const shares = fractions(values.labelled);
  const learningRate = values.lr ?? (values.train === "frozen" ? 0.01 : 0.001);
  const source = { ...await openTrainedRun(operand!, values), checkpoint: values.checkpoint };
  const { config, data } = source;
  checkWritable(source.directory);
  const folder = join(source.directory, "finetune", values.train);
  await makeFolder(folder);
  const stop = stopSignals("finishing the step and saving");
  const trainValues = { ...defaults(), resume: true };
  const shared = {
    data,
    bootstrap: { resamples: values.resamples },
    commands: [[invocation("finetune"), ...args].join(" ")],
    versions: softwareVersions(),
    signal: stop.signal,
    onWarning: warn,
  };
  try {
    using devices = await openDevices(trainValues, undefined);
    sayAdapter(devices);
    const measured: Results[] = [];
    for (const labelled of shares) {
      const directory = join(folder, `${labelled}`);
      const name = `${config.name}-${values.train}-${labelled}`;
      using _lock = await takeRunDirectory(directory, { resume: true });
      const tuned = finetuneConfig(source, { ...values, learningRate, name, labelled });
      await throughDeviceFailures(
        devices,
        (device) => prepareFinetuning(device, { source, config: tuned, directory }),
        {
          onWarning: warn,
        },
      );
      const run: Running = {
        ...{ config: tuned, data, directory, devices, tuner: undefined, values: trainValues },
        signal: stop.signal,
      };
      const { steps, stopped } = await train(run);
      if (stopped) {
        console.error(`stopped at step ${steps} of ${name}; the same command continues`);
        return stop.exitCode;
      }
      using progress = stageProgress();
      const scoring = throughDeviceFailures(
        devices,
        (device) => evaluateRun({ ...shared, config: tuned, directory, device, onProgress: progress.update }),
        { onWarning: warn },
      );
      measured.push(named(await Promise.race([scoring, whenAborted(stop.signal)]), `finetune-${values.train}`));
    }
    using progress = stageProgress();
    const probed = throughDeviceFailures(devices, (device) =>
      measureRun({
        ...shared,
        ...source,
        device,
        labelledFractions: shares,
        probeSeeds: [values.seed],
        onProgress: progress.update,
      }), { onWarning: warn });
    // A classifier is not probed: its own scores are those of the labels that it was trained on.
    measured.unshift(await Promise.race([probed, whenAborted(stop.signal)]));
    progress.stop();
    await finish(combineResults(measured), folder);
    return 0;
  } catch (error) {
    if (error !== stop.signal.reason) throw error;
    console.error("stopped; the same command continues");
    return stop.exitCode;
  }
}

/** The defaults of `train`, for what this task has no flag. */
function defaults(): TrainValues {
  return Object.fromEntries(
    Object.entries(TRAIN_OPTIONS).map(([name, option]) => [name, option.default]),
  ) as unknown as TrainValues;
}

/** The results under another method, which tells fine-tuning from training from the start. */
function named(results: Results, method: string): Results {
  return {
    ...results,
    runs: results.runs.map((run) => ({ ...run, method })),
    evaluations: results.evaluations.map((evaluation) => ({ ...evaluation, method })),
  };
}

/** Writes results and report, and prints the scores. */
async function finish(combined: Results, folder: string): Promise<void> {
  const results = { ...combined, comparisons: await compareResults([combined]) };
  await writeResults(join(folder, "results.json"), results);
  const report = await writeReport(results, { path: join(folder, "report.html") });
  console.log(printable(formatMacroTable(results, { by: "method" })));
  console.log(`\nreport: ${report}`);
}

if (import.meta.main) await runCli(main);
