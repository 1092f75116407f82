/**
 * Writes the scripts of a Slurm array that prepares a data set's images, and of the job that merges its parts.
 *
 * @module
 */
import type { SettingValues } from "../../base/setting.ts";
import { locateCache, type StudyIndex } from "../../data/mod.ts";
import { wordsOf } from "../options/options.ts";
import { resourcesOf, SLURM_OPTIONS } from "./slurm_options.ts";
import { taskCommand } from "./task_command.ts";
import { writeSweep } from "./write_sweep.ts";

/** Number of parts by default, at most; more jobs would mostly wait for one disk. */
const MAX_PARTS = 64;

/** Flags that are for this command alone and not for its jobs. */
const NOT_FOR_JOBS: ReadonlySet<string> = new Set([...Object.keys(SLURM_OPTIONS), "parts", "verify"]);

/**
 * Writes `array.sh` and `merge.sh` to the folder CACHE-slurm beside the cache, and prints the commands that submit
 * them, or with `submit` runs them. A task whose part is prepared already ends at once. There are no more parts than
 * shards.
 *
 * @param options.given The flags that the user gave, for the jobs.
 * @throws {DataError} if scripts for another number of parts are there.
 */
export async function writePrepareJobs(
  index: StudyIndex,
  options: {
    values: SettingValues<typeof SLURM_OPTIONS> & {
      cacheDir: string;
      imageSize: number;
      parts: number | undefined;
      verify: boolean;
    };
    given: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const { values, given } = options;
  const { directory, shards } = locateCache(index, values);
  const count = Math.max(1, Math.min(shards, values.parts ?? MAX_PARTS));
  if (values.parts !== undefined && count < values.parts) {
    console.error(`--parts ${values.parts} is reduced to ${count}, the number of the cache's files`);
  }
  const flags = wordsOf(Object.fromEntries(Object.entries(given).filter(([key]) => !NOT_FOR_JOBS.has(key))));
  await writeSweep({
    name: `prepare-${index.dataset}-${values.imageSize}px`,
    folder: `${directory}-slurm`,
    command: [...await taskCommand("prepare"), ...flags],
    tasks: Array.from({ length: count }, (_, part) => ({
      plan: `part-${part}-of-${count}`,
      results: [],
      arguments: ["--part", `${part}/${count}`],
    })),
    resources: resourcesOf(values),
    after: { script: "merge", arguments: values.verify ? ["--verify"] : [] },
    submit: values.submit ? "prepare:submit" : undefined,
    shownBy: "squeue --me",
  });
}
