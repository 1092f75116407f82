/**
 * Writes the scripts of a sweep and says how to submit them.
 *
 * @module
 */
import { join } from "node:path";
import { writeFileAtomic } from "../../base/atomic_file.ts";
import {
  arrayScript,
  freezeSweep,
  type Resources,
  shellWord,
  singleScript,
  submitCommands,
  submitSweep,
  type SweepTask,
} from "../../cluster/slurm/mod.ts";
import { UserError } from "../terminal/errors.ts";
import { exists } from "../terminal/exists.ts";

/** A sweep to write. */
export interface NewSweep {
  readonly name: string;
  /** The folder of scripts and logs. */
  readonly folder: string;
  /** The command of every task and of the job after the array. */
  readonly command: readonly string[];
  /** By index: what a task is, and its arguments after those of the command. */
  readonly tasks: readonly (SweepTask & { readonly arguments: readonly string[] })[];
  readonly resources: Resources;
  /** Arguments of the job after the array, and the name of its script without `.sh`. */
  readonly after: { readonly script: string; readonly arguments: readonly string[] };
  /** Submit the jobs; the name of the task that may. */
  readonly submit: string | undefined;
  /** The command that shows the jobs' states. */
  readonly shownBy: string;
}

/** The job's name of a sweep. */
export function sweepJobName(name: string): string {
  return `mmvm-${name}`;
}

/**
 * Freezes a sweep's tasks, writes its scripts, and prints the commands that submit the tasks that are not done; with
 * `submit`, runs them.
 *
 * @throws {DataError} if other tasks are in the folder, or sbatch refuses.
 * @throws {UserError} if the jobs are to be submitted by a task that may not start sbatch.
 */
export async function writeSweep(sweep: NewSweep): Promise<void> {
  const { folder, name, command, resources, after } = sweep;
  const { tasks } = await freezeSweep(folder, {
    name,
    tasks: sweep.tasks.map(({ plan, results }) => ({ plan, results })),
  });
  const paths = { array: join(folder, "array.sh"), after: join(folder, `${after.script}.sh`) };
  const job = { name: sweepJobName(name), folder, directory: Deno.cwd(), resources };
  await writeScript(
    paths.array,
    arrayScript({ ...job, command, arguments: sweep.tasks.map((task) => task.arguments) }),
  );
  await writeScript(
    paths.after,
    singleScript({
      ...job,
      name: `${job.name}-${after.script}`,
      command: [...command, ...after.arguments],
      log: `${after.script}.out`,
    }),
  );
  const indexes: number[] = [];
  for (const [index, task] of tasks.entries()) if (!await isDone(task)) indexes.push(index);
  if (indexes.length === 0) {
    console.error(`all ${tasks.length} tasks are done`);
    console.log(`bash ${shellWord(paths.after)}`);
    return;
  }
  console.error(`${indexes.length} of ${tasks.length} tasks are to do; the scripts are in ${folder}`);
  const commands = submitCommands({ ...paths, indexes });
  if (sweep.submit === undefined) return printCommands(commands);
  if (!maySubmit()) {
    printCommands(commands);
    throw new UserError(
      `the jobs are not submitted, because this task may not start sbatch: run the lines above, or \`deno task ` +
        `${sweep.submit}\` with the same arguments`,
    );
  }
  const jobs = await submitSweep(commands);
  console.log(`submitted the array as job ${jobs.array}, and ${after.script} after it as job ${jobs.after}`);
  console.log(`\`${sweep.shownBy}\` shows their states`);
}

/** Whether a task of a sweep has left its results. */
export async function isDone({ results }: SweepTask): Promise<boolean> {
  if (results.length === 0) return false;
  for (const path of results) if (!await exists(path)) return false;
  return true;
}

function printCommands({ array, after }: { array: readonly string[]; after: readonly string[] }): void {
  console.log(`array=$(${array.map(shellWord).join(" ")})`);
  console.log(after.map((word) => word.includes("$") ? word : shellWord(word)).join(" "));
}

async function writeScript(path: string, text: string): Promise<void> {
  await writeFileAtomic(path, text);
  await Deno.chmod(path, 0o755).catch((error) => {
    // Some network file systems have no modes; sbatch reads the script anyway.
    if (!(error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotSupported)) throw error;
  });
}

function maySubmit(): boolean {
  return Deno.permissions.querySync({ name: "run", command: "sbatch" }).state === "granted";
}
