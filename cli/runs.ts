/**
 * `deno task runs`: the runs in `runs/` and how far they are; with `--follow`, the progress of one that is training;
 * with `--slurm`, the jobs of sweeps.
 *
 * @module
 */
import { join } from "node:path";
import { parseQueue, queueCommand, readSweep, runSlurm, stateOfTask } from "../cluster/slurm/mod.ts";
import { isLocked, runPaths } from "../training/mod.ts";
import { flag, parseArguments, text } from "./options/options.ts";
import { runDirectory } from "./options/run_options.ts";
import { followRun } from "./run/follow_run.ts";
import { describeState, readRunState } from "./run/run_state.ts";
import { UserError } from "./terminal/errors.ts";
import { plainOrTerminal } from "./terminal/output_stream.ts";
import { invocation } from "./terminal/invocation.ts";
import { runCli } from "./terminal/run_cli.ts";
import { describeFailure } from "./terminal/errors.ts";
import { exists } from "./terminal/exists.ts";
import { formatTable } from "./terminal/table.ts";
import { isDone, sweepJobName } from "./cluster/write_sweep.ts";

const SPEC = {
  name: "runs",
  summary: "Lists the runs in runs/ and how far they are.",
  options: {
    follow: {
      ...text({
        help: "show the progress of a run until it ends; without a name, of the one that is training",
        pattern: /^[^\0]*$/,
        allowed: "the name of a run",
        placeholder: "run",
      }),
      implied: "",
    },
    slurm: flag({ help: "show the states of the sweeps that were written with --slurm" }),
  },
};

/** The folder with a folder for each sweep. */
const SWEEPS = join("runs", "experiments");

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<number | void> {
  const { values } = parseArguments(SPEC, args);
  if (values.follow !== undefined) return await follow(values.follow);
  if (values.slurm) await showSweeps();
  else await showRuns();
}

/** Follows a run until it ends, or Ctrl-C: the exit code. */
async function follow(name: string): Promise<number> {
  const directory = name === "" ? await runInProgress() : runDirectory(name);
  const stop = new AbortController();
  let exitCode = 0;
  Deno.addSignalListener("SIGINT", () => {
    exitCode = 130;
    stop.abort();
  });
  await followRun(directory, { stream: plainOrTerminal({ onGone: () => stop.abort() }), signal: stop.signal });
  return exitCode;
}

/**
 * The directory of the run that is training.
 *
 * @throws {UserError} if there is none or are several.
 */
async function runInProgress(): Promise<string> {
  const found = [];
  for (const name of await runNames()) if (await isLocked(join("runs", name))) found.push(name);
  if (found.length === 1) return join("runs", found[0]!);
  throw new UserError(
    found.length === 0
      ? "no run is training: start one, or name the run whose end you want to see"
      : `the runs ${found.join(", ")} are training: name one of them after --follow`,
  );
}

async function showRuns(): Promise<void> {
  const rows = [];
  for (const name of await runNames()) rows.push([name, ...await describeRun(join("runs", name))]);
  if (rows.length === 0) console.log(`there are no runs; \`${invocation("train")}\` makes one`);
  else console.log(formatTable(["run", "method", "data", "steps", "loss", "best score", "state"], rows).trimEnd());
}

/** What is shown of a run, or why nothing can be. */
async function describeRun(directory: string): Promise<string[]> {
  try {
    return describeState(await readRunState(directory));
  } catch (error) {
    return [describeFailure(error).message, "", "", "", "", ""];
  }
}

async function runNames(): Promise<string[]> {
  const names = [];
  for (const name of await foldersIn("runs")) if (await exists(runPaths(join("runs", name)).config)) names.push(name);
  return names;
}

async function showSweeps(): Promise<void> {
  const folders = [];
  for (const name of await foldersIn(SWEEPS)) {
    const folder = join(SWEEPS, name, "slurm");
    const sweep = await readSweep(folder);
    if (sweep !== undefined) folders.push({ folder, sweep });
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
