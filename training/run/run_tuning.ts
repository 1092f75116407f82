/**
 * The kernel variants that a run trains with: tuned once per adapter, kept in the cache and with the run, so that a
 * resumed run uses the same variants and computes the same bits.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "../../base/atomic_file.ts";
import { openForUpdateSync, readRegularText } from "../../base/regular_file.ts";
import { decodeTuning, encodeTuning, KernelTuner, type TuningChoices } from "../../runtime/mod.ts";
import { listCheckpoints } from "../../runtime/files/checkpoint.ts";
import { runPaths } from "./run_directory.ts";

/** A few hundred choices of about a hundred bytes. */
const TUNING = { maxBytes: 2 ** 22, kind: "a file of choices between kernels" };

/** Options of {@link openRunTuner}. */
export interface RunTuningOptions {
  /** The run's directory. */
  readonly directory: string;
  /** Directory of the tuning caches, one file per adapter. */
  readonly cache: string;
  /** Use the run's recorded choices, and measure nothing. */
  readonly resume: boolean;
  /** Called with each warning, one sentence. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Opens the tuner of a run on the named adapter. A new run uses the cache, measures what is missing and records both. A
 * resumed run uses its own record; on another adapter, or if it was started without tuning, these are the defaults. A
 * run with neither record nor checkpoint counts as new.
 */
export async function openRunTuner(adapter: string, options: RunTuningOptions): Promise<KernelTuner> {
  const { directory, cache, resume } = options;
  const record = runPaths(directory).tuning;
  const read = (file: string) => readTuning(file, { ...options, adapter });
  if (resume) {
    const known = await read(record);
    // A run stopped before its first step must choose as it would have without the stop.
    const begun = known.size > 0 || (await listCheckpoints(runPaths(directory).checkpoints)).length > 0;
    if (begun) return new KernelTuner({ known, frozen: true });
  }
  await Deno.remove(record).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const file = join(cache, `tuning-${slugOf(adapter)}.json`);
  const known = await read(file);
  return new KernelTuner({
    known,
    async onSettled(choices: TuningChoices) {
      let settled = choices;
      try {
        settled = await addToCache(choices, { file, known, adapter, read: () => read(file) });
      } catch (error) {
        options.onWarning?.(`${file} cannot be written (${(error as Error).message}); the next run measures again`);
      }
      await writeFileAtomic(record, encodeTuning(settled, { adapter }));
      return settled;
    },
  });
}

/**
 * Adds choices to the cache. If runs start together, the first to finish tuning decides for all.
 *
 * @returns The choices that apply now.
 */
async function addToCache(
  choices: TuningChoices,
  options: { file: string; known: TuningChoices; adapter: string; read: () => Promise<TuningChoices> },
): Promise<TuningChoices> {
  const { file, known, adapter, read } = options;
  await Deno.mkdir(dirname(file), { recursive: true });
  using guard = openForUpdateSync(`${file}.lock`);
  await guard.lock(true);
  const cached = await read();
  const settled = new Map([...choices].map(([work, name]) => {
    const other = cached.get(work);
    return [work, other === undefined || other === known.get(work) ? name : other];
  }));
  await writeFileAtomic(file, encodeTuning(new Map([...cached, ...settled]), { adapter }));
  return settled;
}

async function readTuning(
  file: string,
  options: { adapter: string; onWarning?: (message: string) => void },
): Promise<Map<string, string>> {
  try {
    return decodeTuning(await readRegularText(file, TUNING), options);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return new Map();
    if (!(error instanceof TypeError)) throw error;
    options.onWarning?.(`${file} is ${error.message}; it is not used`);
    return new Map();
  }
}

/** A file name: letters, digits and single dashes, and a hash of the whole name. */
function slugOf(adapter: string): string {
  const hash = createHash("sha256").update(adapter).digest("hex").slice(0, 8);
  const words = adapter.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 40);
  return `${words}-${hash}`;
}
