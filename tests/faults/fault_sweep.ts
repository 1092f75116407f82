/**
 * Runs the tasks of a small run in this process, so that a fault can be injected into each of their calls in turn. One
 * process per fault would take a thousand times as long.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { writeReport } from "../../cli/run/write_report.ts";
import { baseOf, collectPart, EXPERIMENTS, type Part, pendingJobs } from "../../experiments/mod.ts";
import { performRun } from "../../experiments/perform_run.ts";
import {
  evaluateRun,
  formatMacroTable,
  PUBLISHED_AUROC,
  readResults,
  type Results,
  writeResults,
} from "../../eval/mod.ts";
import { latestCheckpoint } from "../../runtime/files/checkpoint.ts";
import { writeFileAtomic } from "../../base/atomic_file.ts";
import { renderReport } from "../../viz/report/report.ts";
import { writePhantoms } from "../../phantoms/mod.ts";
import {
  checkRunConfig,
  lockRun,
  openRunData,
  openRunTuner,
  readMetricsFile,
  readRunConfig,
  readRunDraft,
  removeRunDraft,
  type ReplaceableDevice,
  type RunConfig,
  runPaths,
  sweepTemporary,
  throughDeviceFailures,
  trainThroughFaults,
  withAnnealing,
  writeRunConfig,
  writeRunDraft,
} from "../../training/mod.ts";

/** The smallest run with several epochs, checkpoints and scores. */
const BASE = baseOf("mnist-pairs", { scale: "smoke" });
const CONFIG: RunConfig = {
  schema: "mmvm-run",
  version: 1,
  name: "swept",
  data: { ...BASE.data, mnist: { pairs: { train: 24, validate: 12, test: 24 } } },
  model: { ...BASE.model, method: "mmvm" },
  training: { ...BASE.training, seed: 1, batchSize: 8, epochs: 2 },
};

/** How tasks are run. */
export interface TaskContext {
  /** Contains `cache` and `runs`, like a user's working directory. */
  readonly folder: string;
  readonly devices: ReplaceableDevice;
}

/** A task, which resumes after a failed attempt. */
export type SweptTask = (context: TaskContext) => Promise<void>;

/** The tasks by name, each with the tasks whose results it starts from. */
export const TASKS = {
  prepare: { after: [], run: prepare },
  train: { after: [], run: train },
  resume: { after: ["half"], run: train },
  evaluate: { after: ["train"], run: evaluate },
  report: { after: ["train", "evaluate"], run: report },
  experiment: { after: [], run: experiment },
  tune: { after: [], run: tune },
} as const satisfies Record<string, { after: readonly string[]; run: SweptTask }>;

/** A task's name. */
export type TaskName = keyof typeof TASKS;

/** Creates a folder with the files that a task starts from. */
export async function startOf(task: TaskName, context: TaskContext): Promise<void> {
  await Deno.mkdir(join(context.folder, "runs"), { recursive: true });
  if (task === "prepare") {
    await writePhantoms(join(context.folder, "phantoms"), { studies: 6, seed: 3, scale: 0.02, workers: 1 });
  }
  for (const before of TASKS[task].after) {
    if (before === "half") await train(context, { until: 3 });
    else await TASKS[before].run(context);
  }
}

const cacheOf = (folder: string) => join(folder, "cache");
const directoryOf = (folder: string) => join(folder, "runs", "swept");

async function prepare({ folder }: TaskContext): Promise<void> {
  await openRunData({
    data: { ...CONFIG.data, dataset: "phantoms", root: join(folder, "phantoms") },
    imageSize: 16,
    cacheDir: cacheOf(folder),
  });
}

/** Like `deno task train`, with `--resume` if the run exists. */
async function train({ folder, devices }: TaskContext, { until = Infinity } = {}): Promise<void> {
  const directory = directoryOf(folder);
  const paths = runPaths(directory);
  await Deno.mkdir(directory, { recursive: true });
  using _lock = await lockRun(directory);
  await sweepTemporary(directory);
  const config = await settled(folder);
  const stop = new AbortController();
  await trainThroughFaults({
    config,
    directory,
    data: await dataOf(folder),
    devices,
    resume: existsSync(paths.checkpoints),
    checkpointSteps: 2,
    signal: stop.signal,
    onProgress: ({ done }) => done >= until && stop.abort(),
  });
}

async function settled(folder: string): Promise<RunConfig> {
  const directory = directoryOf(folder);
  const { config: file, draft } = runPaths(directory);
  if (existsSync(file)) {
    const config = await readRunConfig(directory);
    await removeRunDraft(directory);
    return config;
  }
  if (!existsSync(draft)) await writeRunDraft(directory, { config: CONFIG, alphaGiven: false });
  const { config } = await readRunDraft(directory);
  const complete = checkRunConfig(withAnnealing(config, await dataOf(folder)), { file });
  await writeRunConfig(directory, complete);
  return complete;
}

function dataOf(folder: string) {
  return openRunData({ data: CONFIG.data, imageSize: CONFIG.model.imageSize, cacheDir: cacheOf(folder) });
}

async function evaluate({ folder, devices }: TaskContext): Promise<void> {
  const directory = directoryOf(folder);
  const config = await readRunConfig(directory);
  const data = await dataOf(folder);
  await throughDeviceFailures(
    devices,
    (device) =>
      evaluateRun({
        config,
        directory,
        data,
        device,
        bootstrap: { resamples: 5, workers: 1 },
        workers: 1,
        pictures: true,
        commands: [],
        versions: {},
      }),
  );
}

async function report({ folder }: TaskContext): Promise<void> {
  const { results, report } = runPaths(directoryOf(folder));
  await writeReport(await readResults(results), { path: report });
}

/** One arm of an experiment, with its table and report. */
async function experiment({ folder, devices }: TaskContext): Promise<void> {
  const root = join(folder, "runs", "experiments");
  const singleView = EXPERIMENTS.find(({ name }) => name === "single-view")!;
  const base = { ...BASE, data: CONFIG.data, training: { ...BASE.training, batchSize: 8 }, resamples: 5 };
  const [whole] = singleView.parts({ scale: "smoke", on: () => base, base });
  const part: Part = { name: "swept", arms: whole!.arms.slice(0, 1) };
  for (const job of await pendingJobs([part], { root })) {
    await performRun(job, {
      root,
      whole: await dataOf(folder),
      devices,
      commands: [],
      versions: {},
      workers: 1,
      signal: new AbortController().signal,
      onProgress: () => {},
      onWarning: () => {},
    });
  }
  const results = await collectPart(part, { root, title: "swept" });
  const at = (name: string) => join(root, "swept", name);
  await writeResults(at("results.json"), results);
  await writeFileAtomic(at("tables.txt"), formatMacroTable(results, { by: "setting" }));
  await writeReport(results, { path: at("report.html") });
}

/** What `deno task train` reads and writes to choose between kernels, and the choice; nothing is measured. */
async function tune({ folder, devices }: TaskContext): Promise<void> {
  const directory = directoryOf(folder);
  await Deno.mkdir(directory, { recursive: true });
  const resume = existsSync(runPaths(directory).tuning);
  const tuner = await openRunTuner("an adapter", { directory, cache: cacheOf(folder), resume });
  const lower = () => ({ dispatches: [] });
  const variants = [{ name: "a", cost: 1, lower }, { name: "b", cost: 2, lower }];
  for (const key of ["1", "2"]) tuner.choose({ family: "swept", key }, { variants, inputs: [], outputs: [] });
  // An adapter without timestamps takes the defaults.
  await tuner.settle(Object.create(devices.current, { hasTimestamps: { value: false } }));
}

async function tuningFiles(folder: string): Promise<Record<string, string>> {
  const cache = cacheOf(folder);
  const names = existsSync(cache) ? [...Deno.readDirSync(cache)].map(({ name }) => name) : [];
  const name = names.find((name) => name.endsWith(".json"));
  const record = await Deno.readTextFile(runPaths(directoryOf(folder)).tuning);
  // The cache is a help to later runs: where it cannot be written, a run goes on without it.
  return { record, cache: name === undefined ? record : await Deno.readTextFile(join(cache, name)) };
}

/** A digest of a task's output, without times and files left by a failed attempt. */
export async function outcomeOf(task: TaskName, folder: string): Promise<Record<string, string>> {
  if (task === "prepare") return await preparedPixels(folder);
  if (task === "tune") return await tuningFiles(folder);
  if (task === "experiment") {
    const root = join(folder, "runs", "experiments");
    const [name] = [...Deno.readDirSync(join(root, "trained"))].map(({ name }) => name);
    const results = await readResults(join(root, "swept", "results.json"));
    return {
      ...await trainedRun(join(root, "trained", name!)),
      results: digestResults(results),
      tables: digest(await Deno.readTextFile(join(root, "swept", "tables.txt"))),
      report: await describeReport(join(root, "swept", "report.html"), results),
    };
  }
  const paths = runPaths(directoryOf(folder));
  return {
    ...await trainedRun(directoryOf(folder)),
    ...(task === "evaluate" ? { results: digestResults(await readResults(paths.results)) } : {}),
    ...(task === "report" ? { report: await describeReport(paths.report, await readResults(paths.results)) } : {}),
  };
}

async function trainedRun(directory: string): Promise<Record<string, string>> {
  const { checkpoints, config, metrics } = runPaths(directory);
  const { found, warnings } = await latestCheckpoint(checkpoints);
  const losses = (await readMetricsFile(metrics)).map(({ studiesPerSecond: _, seconds: __, ...line }) => line);
  const tensors = [...found?.tensors ?? []].map(([name, { data }]) => [name, digest(new Uint8Array(data.buffer))]);
  const { step, epoch, configHash } = found?.state ?? {};
  return {
    checkpoint: digest(JSON.stringify([step, epoch, configHash, tensors])),
    warnings: warnings.join("\n"),
    metrics: digest(JSON.stringify(losses)),
    config: digest(await Deno.readTextFile(config)),
  };
}

/** The prepared pixels that a task would read. */
async function preparedPixels(folder: string): Promise<Record<string, string>> {
  const { pixels, pairs } = await openRunData({
    data: { ...CONFIG.data, dataset: "phantoms", root: join(folder, "phantoms") },
    imageSize: 16,
    cacheDir: cacheOf(folder),
  });
  const bytes = [...pairs.images].map((image) => image < 0 ? "none" : digest(pixels.read(image)));
  pixels.close();
  return { pairs: digest(JSON.stringify([...pairs.study])), pixels: digest(bytes.join()) };
}

/** Results without times and speeds, which differ between equal runs. */
function digestResults(results: Results): string {
  const timed = ["createdAt", "seconds", "studiesPerSecond"];
  return digest(JSON.stringify(results, (key, value) => timed.includes(key) ? undefined : value));
}

/** Whether a report matches its results. */
async function describeReport(path: string, results: Results): Promise<string> {
  const expected = renderReport(results, { published: PUBLISHED_AUROC });
  return await Deno.readTextFile(path) === expected ? "that of the results" : "another one";
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

/** The outcome of one fault. */
export interface SweptCase {
  /** Whether the task failed or coped. */
  readonly failed: boolean;
  readonly error: unknown;
  readonly outcome: Readonly<Record<string, string>>;
}

/**
 * Runs a task with a fault in a copy of `start`, then again without, and returns the outcome.
 *
 * @param withFault Runs a function while the fault is in place.
 */
export async function tryFault(
  task: TaskName,
  { start, devices, withFault }: {
    start: string;
    devices: ReplaceableDevice;
    withFault: (folder: string, work: () => Promise<void>) => Promise<void>;
  },
): Promise<SweptCase> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "mmvm_sweep_" }));
  try {
    await cp(start, folder, { recursive: true });
    const context = { folder, devices };
    let failed = false;
    let error: unknown;
    try {
      await withFault(folder, () => TASKS[task].run(context));
    } catch (thrown) {
      failed = true;
      error = thrown;
    }
    await TASKS[task].run(context);
    return { failed, error, outcome: await outcomeOf(task, folder) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
