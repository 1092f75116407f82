/**
 * `deno task runs`: the runs in `runs/` and how far they are; with `--slurm`, the jobs of sweeps.
 *
 * @module
 */
import { basename, join } from "node:path";
import { parseQueue, queueCommand, readSweep, runSlurm, stateOfTask } from "../cluster/slurm/mod.ts";
import { readMetricsFile, readRunConfig, runPaths } from "../training/mod.ts";
import { flag, parseArguments } from "./options/options.ts";
import { invocation } from "./terminal/invocation.ts";
import { runCli } from "./terminal/run_cli.ts";
import { describeFailure } from "./terminal/errors.ts";
import { exists } from "./terminal/exists.ts";
import { formatTable } from "./terminal/table.ts";
import { isDone, sweepJobName } from "./cluster/write_sweep.ts";

const SPEC = {
  name: "runs",
  summary: "Lists the runs in runs/ and how far they are.",
  options: { slurm: flag({ help: "show the states of the sweeps that were written with --slurm" }) },
};

/** Folders with a folder for each sweep. */
const SWEEPS = [join("runs", "experiments"), "cache"];

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArguments(SPEC, args);
  if (values.slurm) await showSweeps();
  else await showRuns();
}

async function showRuns(): Promise<void> {
  const rows = [];
  for (const name of await foldersIn("runs")) {
    const directory = join("runs", name);
    const paths = runPaths(directory);
    if (!await exists(paths.config)) continue;
    rows.push([name, ...await describeRun(directory)]);
  }
  if (rows.length === 0) console.log(`there are no runs; \`${invocation("train")}\` makes one`);
  else console.log(formatTable(["run", "method", "data", "step", "loss", "results"], rows).trimEnd());
}

/** Method, data, last step, its loss, and whether the run was evaluated. */
async function describeRun(directory: string): Promise<string[]> {
  const { metrics, results } = runPaths(directory);
  try {
    const { model, data } = await readRunConfig(directory);
    const last = (await readMetricsFile(metrics)).at(-1);
    return [
      model.method,
      data.root === undefined ? data.dataset ?? "" : basename(data.root),
      last === undefined ? "" : `${last.step + 1}`,
      last === undefined ? "" : last.loss.toPrecision(5),
      await exists(results) ? "yes" : "no",
    ];
  } catch (error) {
    return [describeFailure(error).message, "", "", "", ""];
  }
}

async function showSweeps(): Promise<void> {
  const folders = [];
  for (const parent of SWEEPS) {
    for (const name of await foldersIn(parent)) {
      const folder = join(parent, name, "slurm");
      const sweep = await readSweep(folder);
      if (sweep !== undefined) folders.push({ folder, sweep });
    }
  }
  if (folders.length === 0) {
    console.log(`there are no sweeps; \`${invocation("experiment")} NAME --slurm\` writes one`);
    return;
  }
  const queue = parseQueue(await runSlurm(queueCommand()));
  for (const { folder, sweep } of folders) {
    const job = sweepJobName(sweep.name);
    const rows = [];
    for (const [index, task] of sweep.tasks.entries()) {
      const { state, time, where } = stateOfTask(index, { job, queue, done: await isDone(task) });
      rows.push([`${index}`, task.plan, state, time, where]);
    }
    const done = rows.filter(([, , state]) => state === "done").length;
    console.log(`${sweep.name}: ${done} of ${rows.length} done; logs are in ${folder}`);
    console.log(formatTable(["task", "run", "state", "time", "where"], rows));
    for (const each of queue.filter(({ name, state }) => name.startsWith(`${job}-`) && state !== "completed")) {
      console.log(`job ${each.id} (${each.name.slice(job.length + 1)}): ${each.state} ${each.where}\n`);
    }
  }
}

/** The names of the folders in a folder, sorted; none if it does not exist. */
async function foldersIn(folder: string): Promise<string[]> {
  const names = [];
  try {
    for await (const { name, isDirectory, isSymlink } of Deno.readDir(folder)) {
      if (isDirectory || isSymlink) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort((a, b) => a < b ? -1 : 1);
}

if (import.meta.main) await runCli(main);
