/**
 * `sweep.json`: which run each task of a Slurm array performs.
 *
 * The file lists every run of the sweep, also those that are done, so that an index means the same run whenever an
 * array is submitted. Tasks that are still in the queue depend on that.
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { makeFolder, writeFileAtomic } from "../../base/atomic_file.ts";
import { DataError } from "../../base/errors.ts";
import { readRegularText } from "../../base/regular_file.ts";

/** A million runs have about this much. */
const SWEEP = { maxBytes: 2 ** 28, kind: "a sweep" };

const sweepSchema = z.object({
  schema: z.literal("mmvm-sweep"),
  version: z.literal(1),
  /** Name of the sweep; its jobs are called `mmvm-NAME`. */
  name: z.string(),
  /** By index of the array task. */
  tasks: z.array(z.object({
    /** What the task performs: the name of a plan. */
    plan: z.string(),
    /** Files that exist once the task is done, relative to the working directory. */
    results: z.array(z.string()),
  })).min(1),
});

/** A sweep. */
export type Sweep = z.infer<typeof sweepSchema>;

/** A task of a sweep. */
export type SweepTask = Sweep["tasks"][number];

/** The path of the file in a sweep's folder. */
export function sweepPath(folder: string): string {
  return join(folder, "sweep.json");
}

/**
 * Reads the sweep in a folder; `undefined` if there is none.
 *
 * @throws {DataError} if the file is damaged or of another version.
 */
export async function readSweep(folder: string): Promise<Sweep | undefined> {
  const file = sweepPath(folder);
  let text: string;
  try {
    text = await readRegularText(file, SWEEP);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
  const parsed = sweepSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new DataError("this is not a sweep of this version: delete it and run the command with --slurm again", {
      file,
    });
  }
  return parsed.data;
}

/**
 * Writes a sweep to its folder, or checks that an existing one lists the same tasks.
 *
 * @throws {DataError} if other tasks are there: jobs that refer to them may be in the queue.
 */
export async function freezeSweep(
  folder: string,
  options: Pick<Sweep, "name" | "tasks">,
): Promise<Sweep> {
  const { name, tasks } = options;
  const sweep: Sweep = { schema: "mmvm-sweep", version: 1, name, tasks: [...tasks] };
  const there = await readSweep(folder);
  if (there !== undefined) {
    const index = firstDifference(there.tasks, sweep.tasks);
    if (index === undefined && there.name === name) return there;
    throw new DataError(
      `this lists other tasks than the command has now (${
        index === undefined ? `it is that of ${there.name}` : `from index ${index} on`
      }), and jobs in the queue may refer to it: once they have ended, delete the file and run the command again`,
      { file: sweepPath(folder) },
    );
  }
  await makeFolder(folder);
  await writeFileAtomic(sweepPath(folder), `${JSON.stringify(sweep, null, 2)}\n`);
  return sweep;
}

function firstDifference(a: readonly SweepTask[], b: readonly SweepTask[]): number | undefined {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) if (JSON.stringify(a[i]) !== JSON.stringify(b[i])) return i;
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
