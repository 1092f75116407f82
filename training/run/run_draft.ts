/**
 * The configuration of a run while its data are being prepared: `draft.json`. The length of the annealing of alpha may
 * depend on the number of pairs, so `config.json` is only written once that is known; a run stopped before resumes from
 * its draft.
 *
 * @module
 */
import { z } from "zod";
import { writeFileAtomic } from "../../base/atomic_file.ts";
import { DataError } from "../../base/errors.ts";
import { checkRunConfig, type RunConfig } from "./run_config.ts";
import { readRunFile, runPaths } from "./run_directory.ts";

/** The configuration as far as it is known before the data. */
export interface RunDraft {
  /** `alphaSteps` is 0 if it is still to be computed. */
  readonly config: RunConfig;
  /** Whether the user gave `alphaSteps`; otherwise it is computed. */
  readonly alphaGiven: boolean;
}

const draftSchema = z.object({ alphaGiven: z.boolean(), config: z.unknown() });

/** Writes `draft.json`. */
export async function writeRunDraft(directory: string, draft: RunDraft): Promise<void> {
  await writeFileAtomic(runPaths(directory).draft, `${JSON.stringify(draft, null, 2)}\n`);
}

/**
 * Reads `draft.json`.
 *
 * @throws {DataError} if there is none, or it cannot be read.
 */
export async function readRunDraft(directory: string): Promise<RunDraft> {
  const { draft: file } = runPaths(directory);
  const parsed = draftSchema.safeParse(await readRunFile(file, { directory }));
  if (!parsed.success) throw new DataError(`${file} is not a valid draft of a configuration: start a new run`);
  const { alphaGiven, config } = parsed.data;
  return { alphaGiven, config: checkRunConfig(config, { file }) };
}

/** Replaces the draft with the complete configuration, in a new directory if there is none. */
export async function writeRunConfig(directory: string, config: RunConfig): Promise<void> {
  await Deno.mkdir(directory, { recursive: true });
  await writeFileAtomic(runPaths(directory).config, `${JSON.stringify(config, null, 2)}\n`);
  await removeRunDraft(directory);
}

/** Removes the draft once the complete configuration is written; does nothing if there is none. */
export async function removeRunDraft(directory: string): Promise<void> {
  await Deno.remove(runPaths(directory).draft).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
