/**
 * `deno task experiment NAME`: trains, evaluates and reports the runs of an experiment, resuming where it stopped.
 *
 * @module
 */
import { join } from "node:path";
import { writeFileAtomic } from "../base/atomic_file.ts";
import { DATASETS } from "../data/mod.ts";
import {
  type Base,
  collectPart,
  type Experiment,
  EXPERIMENTS,
  type FailedRun,
  measurementPath,
  methodsOf,
  ofMethods,
  ofSetting,
  type Part,
  partsWithout,
  pendingJobs,
  performRuns,
  planName,
  type RunJob,
  SCALES,
  settingsOf,
  withFloors,
  withoutFloors,
} from "../experiments/mod.ts";
import {
  compareResults,
  formatAurocTable,
  formatComparisonTable,
  formatMacroTable,
  hasIndependentCases,
  PUBLISHED_AUROC,
  writeResults,
} from "../eval/mod.ts";
import { Device } from "../runtime/mod.ts";
import { printable, sentenceForUser, UsageError, UserError } from "./terminal/errors.ts";
import { experimentProgress } from "./terminal/experiment_progress.ts";
import { choice, flag, integer, type OptionValues, parseArguments, path, runName, text } from "./options/options.ts";
import { CACHE, EXPERIMENTS_FOLDER } from "./run/phantom_data.ts";
import { contextOf } from "./run/experiment_context.ts";
import { prepareExperimentData } from "./run/experiment_data.ts";
import { invocation } from "./terminal/invocation.ts";
import { runCli } from "./terminal/run_cli.ts";
import { softwareVersions } from "./run/run_output.ts";
import { stopSignals } from "./terminal/stop_signals.ts";
import { writeReport } from "./run/write_report.ts";
import { requireSlurm, resourcesOf, SLURM_OPTIONS } from "./cluster/slurm_options.ts";
import { taskCommand } from "./cluster/task_command.ts";
import { writeSweep } from "./cluster/write_sweep.ts";

/** More seeds than anyone trains. */
const MOST_SEEDS = 99;

const OPTIONS = {
  dataset: choice([...DATASETS] as [Base["dataset"], ...Base["dataset"][]], {
    help: "data set; all except phantoms, mnist-pairs and polymnist need --data",
    default: "phantoms",
  }),
  data: path({ help: "data directory, such as a MIMIC-CXR-JPG root", placeholder: "dir" }),
  scale: choice(SCALES, {
    help: "smoke tests the pipeline, small gives meaningful rankings without a GPU, paper is the published setting",
    default: "small",
  }),
  concurrency: integer({
    min: 1,
    max: 64,
    help: "concurrent runs; by default 1 on a GPU, and one per core up to 2 on a software adapter",
  }),
  fresh: integer({
    min: 0,
    max: 100_000,
    help:
      "new phantoms to score runs on phantoms on, none of them seen in training; 0 for the data's own test split; " +
      "by default 4000, 60 at scale smoke, and with --data 0",
  }),
  floors: flag({
    help: "also show what knows little: view position, pixel PCA, shuffled labels, untrained encoders",
  }),
  seeds: integer({
    min: 1,
    max: MOST_SEEDS,
    help: "train with seeds 1 to n; by default with those of the scale, at most 3; others can be added later",
  }),
  seed: integer({
    min: 1,
    max: MOST_SEEDS,
    help: "use only this seed, on another machine or another day; deno task evidence brings seeds together",
  }),
  setting: text({
    help: "use only the arms with this setting, such as label-noise, 0.2 or 'label-noise 0.2', or base for those " +
      "without one; deno task evidence brings settings together",
    pattern: /^\P{Cc}{1,100}$/u,
    allowed: "1 to 100 printable characters",
  }),
  methods: text({
    help: "use only the arms of these methods; deno task evidence brings methods together",
    pattern: /^[a-z0-9-]+(,[a-z0-9-]+)*$/,
    allowed: "comma-separated names of methods",
    placeholder: "list",
  }),
  part: runName({
    help: "use only this part of an experiment on several data sets, such as other-datasets-chexpert",
  }),
  only: runName({ help: "perform this run alone and write no tables, as the tasks of a --slurm array do" }),
  ...SLURM_OPTIONS,
};

type Values = OptionValues<typeof OPTIONS>;

/** Most runs whose reconstructions and translations a report tabulates. */
const MOST_GENERATIVE = 8;

const ROOT = EXPERIMENTS_FOLDER;

/** Runs the command with these arguments; returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values, operands: [name] } = parseArguments({
    name: "experiment",
    summary: `Trains, evaluates and reports an experiment; if run again, it resumes. Experiments: ${
      EXPERIMENTS.map(({ name, summary }) => `${name} (${summary})`).join("; ")
    }.`,
    options: OPTIONS,
    operands: { name: "NAME", help: "name of the experiment", min: 1, max: 1 },
  }, args);
  const experiment = EXPERIMENTS.find((each) => each.name === name);
  if (!experiment) {
    throw new UsageError(
      `there is no experiment ${JSON.stringify(name)}; there are ${EXPERIMENTS.map(({ name }) => name).join(", ")}`,
    );
  }
  requireSlurm(values);
  requireFresh(values);
  const command = [invocation("experiment"), ...args].join(" ");
  const { context, drawn } = contextOf(values);
  const parts = chosenParts(experiment, experiment.parts(context), values);
  const stop = stopSignals("finishing the steps and saving");
  try {
    const jobs = await pendingJobs(parts, { root: ROOT });
    const all = await pendingJobs(parts, { root: ROOT, all: true });
    console.error(`${experiment.name}: ${all.length} runs, ${all.length - jobs.length} of them done`);
    const chosen = values.only === undefined ? jobs : onlyJob(values.only, { jobs, all });
    await prepareExperimentData(chosen, { drawn, signal: stop.signal });
    if (values.slurm) {
      await writeJobs(all, { experiment, values });
      return 0;
    }
    // A single run is the whole work: the others may be anywhere.
    const total = values.only === undefined ? all.length : chosen.length;
    const failed = await perform(chosen, { values, command, total, signal: stop.signal });
    if (stop.signal.aborted) throw stop.signal.reason;
    const whole = partsWithout(parts, failed.map(({ name }) => name));
    if (values.only === undefined) { for (const part of whole) await report(part, { experiment, values, command }); }
    refuseFailures(failed, { total: all.length, lacking: parts.filter((part) => !whole.includes(part)) });
    if (values.only !== undefined) console.error(`${values.only} is done`);
    return 0;
  } catch (error) {
    if (error !== stop.signal.reason || !stop.signal.aborted) throw error;
    console.error(`stopped; \`${command}\` resumes it`);
    return stop.exitCode;
  }
}

/** Refuses new phantoms as a test set of other images. */
function requireFresh({ dataset, data, fresh }: Values): void {
  if (!fresh || dataset === "phantoms" || (dataset === "chexpert" && data === undefined)) return;
  throw new UsageError(`--fresh draws phantoms, which cannot score runs on ${data ?? dataset}: leave it out`);
}

/** The parts that were asked for. */
function chosenParts(
  { name }: Experiment,
  planned: readonly Part[],
  { part, setting, methods, floors }: Pick<Values, "part" | "setting" | "methods" | "floors">,
): readonly Part[] {
  if (planned.length === 0) {
    throw new UsageError(`${name} draws phantoms of several kinds itself: leave out --dataset and --data`);
  }
  const onData = part === undefined ? planned : planned.filter((each) => each.name === part);
  if (onData.length === 0) {
    const names = planned.map((each) => each.name).join(", ");
    throw new UsageError(`--part ${part} is none of the experiment's, ${names}: name one of them`);
  }
  const inSetting = setting === undefined ? onData : ofSetting(onData, setting);
  if (inSetting.length === 0) {
    throw new UsageError(
      `--setting ${setting} is none of the experiment's, ${settingsOf(onData).join("; ")}: name one of them`,
    );
  }
  const parts = methods === undefined ? inSetting : chosenMethods(inSetting, methods.split(","));
  return floors ? withFloors(parts) : parts;
}

/** The arms of these methods. */
function chosenMethods(parts: readonly Part[], methods: readonly string[]): readonly Part[] {
  const known = methodsOf(parts);
  const unknown = methods.find((method) => !known.includes(method));
  if (unknown !== undefined) {
    throw new UsageError(
      `--methods has ${JSON.stringify(unknown)}, which is none of those here, ${known.join(", ")}: name some of them`,
    );
  }
  return ofMethods(parts, methods);
}

/** The job of one run; none if it is done. */
function onlyJob(name: string, { jobs, all }: { jobs: readonly RunJob[]; all: readonly RunJob[] }): readonly RunJob[] {
  const isNamed = ({ plan }: RunJob) => planName(plan) === name;
  if (!all.some(isNamed)) {
    const names = all.map(({ plan }) => planName(plan)).join(", ");
    throw new UsageError(`the experiment has no run ${name}; its runs are ${names}`);
  }
  return jobs.filter(isNamed);
}

/** Writes the scripts of a Slurm array with a task for each run, and of the job that makes the tables. */
async function writeJobs(
  all: readonly RunJob[],
  { experiment, values }: { experiment: Experiment; values: Values },
): Promise<void> {
  const { dataset, data, scale, submit, floors, seeds, seed, fresh, part, setting, methods } = values;
  const name = `${experiment.name}-${dataset}-${scale}`;
  const place = data === undefined ? [] : ["--data", data];
  const flags = [
    ...["--dataset", dataset, "--scale", scale, ...place],
    ...(seeds === undefined ? [] : ["--seeds", String(seeds)]),
    ...(seed === undefined ? [] : ["--seed", String(seed)]),
    ...(fresh === undefined ? [] : ["--fresh", String(fresh)]),
    ...(part === undefined ? [] : ["--part", part]),
    ...(setting === undefined ? [] : ["--setting", setting]),
    ...(methods === undefined ? [] : ["--methods", methods]),
    ...(floors ? ["--floors"] : []),
  ];
  await writeSweep({
    name,
    folder: join(ROOT, name, "slurm"),
    command: [...await taskCommand("experiment"), experiment.name, ...flags],
    tasks: all.map(({ plan, evaluations }) => ({
      plan: planName(plan),
      results: evaluations.map((evaluation) => measurementPath(ROOT, plan, evaluation)),
      arguments: ["--only", planName(plan)],
    })),
    resources: resourcesOf(values),
    after: { script: "collect", arguments: [] },
    submit: submit ? "experiment:submit" : undefined,
    shownBy: "deno task runs --slurm",
  });
}

async function perform(
  jobs: readonly RunJob[],
  options: { values: Values; command: string; total: number; signal: AbortSignal },
): Promise<readonly FailedRun[]> {
  if (jobs.length === 0) return [];
  const { values, command, total, signal } = options;
  const concurrency = Math.min(values.concurrency ?? await defaultConcurrency(), jobs.length);
  using progress = experimentProgress(jobs, { total });
  const { failed } = await performRuns(jobs, {
    setup: {
      root: ROOT,
      cacheDir: CACHE,
      commands: [command],
      versions: softwareVersions(),
      workers: Math.max(1, Math.floor(navigator.hardwareConcurrency / concurrency)),
    },
    concurrency,
    signal,
    onProgress: progress.update,
    onWarning: progress.log,
  });
  return failed;
}

/** Refuses to tabulate only the successful runs, which would compare what was not meant to be compared. */
function refuseFailures(
  failed: readonly FailedRun[],
  { total, lacking }: { total: number; lacking: readonly Part[] },
): void {
  if (failed.length === 0) return;
  for (const { name, error } of failed) {
    console.error(printable(`failed: ${name}: ${sentenceForUser(error) ?? error.message}`));
  }
  const fault = failed.find(({ error }) => sentenceForUser(error) === undefined);
  if (fault) throw Object.assign(new Error(fault.error.message), fault.error);
  throw new UserError(
    `${failed.length} of ${total} runs failed (${failed.map(({ name }) => name).join(", ")}), and no table of ` +
      `${
        lacking.map(({ name }) => name).join(", ")
      } is made without them: fix the cause and run the command again, which repeats only these`,
  );
}

/** Steps on a software adapter leave cores idle at times, which a second run can use; one run saturates a GPU. */
async function defaultConcurrency(): Promise<number> {
  using device = await Device.open();
  console.error(`adapter: ${device.description}, kernels for ${device.target.profile}`);
  return device.target.profile === "software" ? Math.min(2, navigator.hardwareConcurrency) : 1;
}

async function report(
  part: Part,
  options: { experiment: Experiment; values: Values; command: string },
): Promise<void> {
  const { experiment, values } = options;
  const { by } = experiment;
  const name = `${part.name}-${values.scale}`;
  const directory = join(ROOT, name);
  const collected = await collectPart(part, { root: ROOT, title: name });
  const comparisons = await compareResults([collected], {
    by,
    test: hasIndependentCases(collected) ? "delong" : "paired-bootstrap",
  });
  const results = { ...collected, comparisons };
  await writeResults(join(directory, "results.json"), results);
  const lines = [
    name,
    experiment.table === "labels"
      ? formatAurocTable(results, { by, published: experiment.published ? PUBLISHED_AUROC : [] })
      : formatMacroTable(results, { by }),
    formatComparisonTable(comparisons, { perLabel: experiment.comparePerLabel ?? false }),
    ...(experiment.conclude ? [experiment.conclude(withoutFloors({ results, comparisons }))] : []),
  ];
  const text = printable(lines.join("\n\n"));
  await writeFileAtomic(join(directory, "tables.txt"), `${text}\n`);
  // Tables of what each of dozens of runs generates would bury the report; results.json has them.
  const { generative: _, ...brief } = results;
  const shown = results.runs.length > MOST_GENERATIVE ? brief : results;
  const file = await writeReport(shown, { path: join(directory, "report.html") });
  console.log(`${text}\n\nreport: ${file}`);
}

if (import.meta.main) await runCli(main);
