/**
 * Which variants of the kernels a run trains with: measured once for an adapter, kept in the cache, and with the run, so that a run that is
 * resumed goes on with the same ones and gives the same bits.
 *
 * @module
 */
import { join } from "node:path";
import { decodeTuning, encodeTuning, KernelTuner, type TuningChoices } from "../../runtime/mod.ts";
import { runPaths, writeWhole } from "./run_directory.ts";

/** Where a run's choices come from and go to. */
export interface RunTuningOptions {
  /** The run's directory. */
  readonly directory: string;
  /** Directory of what was measured, one file an adapter. */
  readonly cache: string;
  /** Go on with the run's choices, and measure nothing. */
  readonly resume: boolean;
  readonly onWarning?: (message: string) => void;
}

/**
 * The tuner of a run on the adapter of this name. A new run takes what the cache knows, measures the rest and keeps both; a run that is
 * resumed takes what it was begun with, which on another adapter, or where it was begun without a tuner, are the defaults.
 */
export async function openRunTuner(adapter: string, options: RunTuningOptions): Promise<KernelTuner> {
  const { directory, cache, resume } = options;
  const record = runPaths(directory).tuning;
  const read = (file: string) => readTuning(file, { ...options, adapter });
  if (resume) return new KernelTuner({ known: await read(record), frozen: true });
  await Deno.remove(record).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const file = join(cache, `tuning-${slugOf(adapter)}.json`);
  return new KernelTuner({
    known: await read(file),
    async onSettled(choices: TuningChoices) {
      await Deno.mkdir(cache, { recursive: true });
      // Another run may have added to it meanwhile; what it has kept already stands.
      const all = new Map([...choices, ...await read(file)]);
      await writeWhole(file, encodeTuning(all, { adapter }));
      await writeWhole(record, encodeTuning(choices, { adapter }));
    },
  });
}

async function readTuning(
  file: string,
  options: { adapter: string; onWarning?: (message: string) => void },
): Promise<Map<string, string>> {
  try {
    return decodeTuning(await Deno.readTextFile(file), options);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Map();
    if (!(error instanceof TypeError)) throw error;
    options.onWarning?.(`${file} is ${error.message}; it is not used`);
    return new Map();
  }
}

/** A name for a file: letters, digits and single dashes, with a hash of all of it. */
function slugOf(adapter: string): string {
  let hash = 0x811c9dc5;
  for (const character of adapter) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  const words = adapter.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 40);
  return `${words}-${hash.toString(16).padStart(8, "0")}`;
}
