/**
 * Submission of a sweep: the array, and the job that collects its results.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";

/** Ranges of indexes in Slurm's notation: 0, 1, 2, 5 is `0-2,5`. */
export function indexRanges(indexes: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && index === last[1] + 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges.map(([from, to]) => from === to ? `${from}` : `${from}-${to}`).join(",");
}

/** The commands that submit an array and the job after it, with `$array` in place of the array's number. */
export function submitCommands(
  options: { array: string; after: string; indexes: readonly number[] },
): { array: string[]; after: string[] } {
  const { array, after, indexes } = options;
  return {
    array: ["sbatch", "--parsable", `--array=${indexRanges(indexes)}`, array],
    // afterok would wait for ever if a task failed.
    after: ["sbatch", "--parsable", "--dependency=afterany:$array", after],
  };
}

/** Runs a program of Slurm and returns what it prints. */
export type RunSlurm = (command: readonly string[]) => Promise<string>;

/**
 * Runs a program of Slurm.
 *
 * @throws {DataError} if it is not installed or fails, with its own words.
 */
export async function runSlurm([program, ...args]: readonly string[]): Promise<string> {
  const command = new Deno.Command(program!, { args, stdin: "null", stdout: "piped", stderr: "piped" });
  const { success, stdout, stderr } = await command.output().catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new DataError(`${program} is not installed here: run this on a machine that submits jobs to Slurm`);
  });
  const said = new TextDecoder().decode(stderr).trim().replaceAll(/\s*\n\s*/g, "; ");
  if (!success) throw new DataError(`${program} failed (${said || "it gave no reason"}): correct it and try again`);
  return new TextDecoder().decode(stdout);
}

/**
 * Submits an array and the job that follows it.
 *
 * @returns The numbers of both jobs.
 * @throws {DataError} if sbatch refuses.
 */
export async function submitSweep(
  commands: { array: readonly string[]; after: readonly string[] },
  run: RunSlurm = runSlurm,
): Promise<{ array: string; after: string }> {
  const array = jobNumber(await run(commands.array));
  const after = jobNumber(await run(commands.after.map((word) => word.replaceAll("$array", array))));
  return { array, after };
}

/** `--parsable` prints `JOB` or `JOB;CLUSTER`. */
function jobNumber(text: string): string {
  const job = /^(\d+)(;\S+)?\s*$/m.exec(text)?.[1];
  if (job === undefined) {
    throw new DataError(`sbatch printed ${JSON.stringify(text.trim())} instead of a job number: look with squeue`);
  }
  return job;
}
