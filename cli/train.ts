/**
 * `deno task train`: from files on disk to a trained model, its evaluation and its report.
 *
 * @module
 */
import { exists } from "./exists.ts";
import { createLoader, writePhantoms } from "../data/mod.ts";
import {
  evaluateRun,
  formatAurocTable,
  openRunData,
  readRunConfig,
  type RunConfig,
  type RunData,
  runPaths,
  trainingPairs,
  trainRun,
  writeWhole,
} from "../eval/mod.ts";
import { Device } from "../runtime/mod.ts";
import { printable, UserError } from "./errors.ts";
import { mergeValues, parseArguments, parseConfig } from "./options.ts";
import { startProgress } from "./progress.ts";
import { type DataReporter, reportData, softwareVersions, stageProgress, stopSignals } from "./run_output.ts";
import { runCli } from "./run_cli.ts";
import { writeReport } from "./write_report.ts";
import {
  COMMAND_LINE_ONLY,
  DEFAULT_PHANTOMS,
  runConfigOf,
  runDirectory,
  TRAIN_OPTIONS,
  type TrainValues,
} from "./run_options.ts";

const CACHE = "cache";

async function main(args: readonly string[]): Promise<number> {
  const spec = {
    name: "train",
    summary:
      "Trains a multimodal VAE, probes its latents and writes a report. Without flags: MMVM on phantoms, a few minutes.",
    options: TRAIN_OPTIONS,
  };
  const { given } = parseArguments(spec, args);
  const fromFile = given.config === undefined ? {} : await readConfigFile(given.config);
  const values = mergeValues(TRAIN_OPTIONS, fromFile, given);
  const directory = runDirectory(values.run);
  const stop = stopSignals();
  const started = await startRun(values, { directory, given: { ...fromFile, ...given }, signal: stop.signal });
  using device = await Device.open();
  console.error(`adapter: ${device.description}, kernels for ${device.target.profile}`);
  const finished = await train(started, { directory, device, values, signal: stop.signal });
  if (finished.stopped) {
    console.error(`stopped at step ${finished.steps}; \`deno task train --run ${values.run} --resume\` goes on`);
    return stop.exitCode;
  }
  await evaluate(started, { directory, device, values, commands: [["deno task train", ...args].join(" ")] });
  return 0;
}

interface StartedRun {
  readonly config: RunConfig;
  readonly data: RunData;
}

async function readConfigFile(file: string): Promise<Partial<TrainValues>> {
  let value: unknown;
  try {
    value = JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    throw new UserError(
      `${file} is no JSON file that can be read (${(error as Error).message}); give --config another`,
    );
  }
  return parseConfig(TRAIN_OPTIONS, value, { source: file, ignore: COMMAND_LINE_ONLY });
}

/** Finds or makes the data and settles the configuration: that of the run's directory when it is resumed. */
async function startRun(
  values: TrainValues,
  options: { directory: string; given: Partial<TrainValues>; signal: AbortSignal },
): Promise<StartedRun> {
  const { directory, signal } = options;
  const paths = runPaths(directory);
  const open = async (config: RunConfig): Promise<RunData> => {
    using reporter: DataReporter = reportData();
    const data = await openRunData({
      data: config.data,
      imageSize: config.model.imageSize,
      cacheDir: CACHE,
      signal,
      ...reporter,
    });
    reporter.finish(data);
    return data;
  };
  if (values.resume) {
    const config = await readRunConfig(directory);
    refuseChanges(config, options.given);
    return { config, data: await open(config) };
  }
  if (await exists(paths.checkpoints)) {
    throw new UserError(
      `${directory} holds a run already: go on with it by --resume, choose another --run NAME, or delete the directory`,
    );
  }
  const root = await dataRoot(values);
  const draft = runConfigOf(values, { root, alphaSteps: values.alphaSteps ?? 0 });
  const data = await open(draft);
  const config = values.alphaSteps === undefined ? withAnnealing(draft, data) : draft;
  await Deno.mkdir(directory, { recursive: true });
  await writeWhole(paths.config, `${JSON.stringify(config, null, 2)}\n`);
  return { config, data };
}

/** The data directory: the one given, the phantoms' where none is, or none at all for data that come with the packages. */
async function dataRoot(values: TrainValues): Promise<string | undefined> {
  if (values.data !== undefined || values.dataset === "mnist-pairs") return values.data;
  if (values.dataset !== undefined && values.dataset !== "phantoms") {
    throw new UserError(`--dataset ${values.dataset} needs --data DIR`);
  }
  const { studies, seed } = DEFAULT_PHANTOMS;
  const root = `${CACHE}/phantoms-${studies}-${seed}`;
  using progress = startProgress("drawing phantoms", { total: studies });
  await writePhantoms(root, { studies, seed, onProgress: ({ done }) => progress.update(done) });
  return root;
}

/** Alpha fades over a fifth of the steps: about the share that 150,000 steps have of the papers' 240 epochs. */
function withAnnealing(config: RunConfig, data: RunData): RunConfig {
  const { training } = config;
  const loader = createLoader(data.pixels, {
    index: data.index,
    pairs: trainingPairs(config, data),
    batchSize: training.batchSize,
  });
  return { ...config, training: { ...training, alphaSteps: Math.round(loader.stepsPerEpoch * training.epochs / 5) } };
}

/** A resumed run keeps its configuration; flags that contradict it are refused rather than ignored. */
function refuseChanges(config: RunConfig, given: Partial<TrainValues>): void {
  const { data, model, training } = config;
  const known: Record<string, unknown> = {
    ...data,
    ...model,
    ...training,
    data: data.root,
    lr: training.learningRate,
    likelihood: model.likelihood.name,
    scale: model.likelihood.scale,
  };
  for (const [key, value] of Object.entries(given)) {
    if (key in known && value !== undefined && JSON.stringify(known[key]) !== JSON.stringify(value)) {
      throw new UserError(
        `the run was started with ${key} ${
          known[key]
        }, not ${value}: leave the flag out to go on, or start another --run NAME`,
      );
    }
  }
}

async function train(
  { config, data }: StartedRun,
  options: { directory: string; device: Device; values: TrainValues; signal: AbortSignal },
) {
  const { directory, device, values, signal } = options;
  let progress: ReturnType<typeof startProgress> | undefined;
  try {
    return await trainRun({
      config,
      directory,
      data,
      device,
      signal,
      resume: values.resume,
      checkpointSeconds: values.checkpointSeconds,
      onStart: ({ steps, from, parameters, memory, dispatches }) => {
        const mebibytes = (memory.arena / 2 ** 20).toFixed(1);
        console.error(
          `${config.model.method}, ${
            parameters.toLocaleString("en")
          } parameters, ${steps} steps of ${config.training.batchSize} pairs, ` +
            `${dispatches} dispatches a step, ${mebibytes} MiB of activations and gradients`,
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
      onWarning: (message) => console.error(printable(`warning: ${message}`)),
    });
  } finally {
    progress?.stop();
  }
}

async function evaluate(
  { config, data }: StartedRun,
  options: { directory: string; device: Device; values: TrainValues; commands: string[] },
): Promise<void> {
  const { directory, device, values, commands } = options;
  using progress = stageProgress();
  const results = await evaluateRun({
    config,
    directory,
    data,
    device,
    untrained: values.untrained,
    pictures: true,
    commands,
    versions: softwareVersions(),
    seconds: { prepare: data.prepareSeconds },
    onProgress: progress.update,
    onWarning: (message) => console.error(printable(`warning: ${message}`)),
  });
  progress.stop();
  const report = await writeReport(results, { path: runPaths(directory).report });
  console.log(printable(formatAurocTable(results)));
  console.log(`\nreport: ${report}`);
}

if (import.meta.main) await runCli(main);
