/**
 * A run's configuration while its data are being prepared: `draft.json`. How long alpha is annealed may depend on how many pairs there are,
 * so that `config.json` can only be written then; a run that is stopped before goes on from its draft.
 *
 * @module
 */
import { z } from "zod";
import { writeFileAtomic } from "../../base/atomic_file.ts";
import { DataError } from "../../base/errors.ts";
import { checkRunConfig, type RunConfig } from "./run_config.ts";
import { readRunFile, runPaths } from "./run_directory.ts";

/** What is known before the data are. */
export interface RunDraft {
  /** With `alphaSteps` 0 where it is to be worked out. */
  readonly config: RunConfig;
  /** Whether `alphaSteps` was given, rather than to be worked out. */
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
 * @throws {DataError} where there is none, or it cannot be read.
 */
export async function readRunDraft(directory: string): Promise<RunDraft> {
  const { draft: file } = runPaths(directory);
  const parsed = draftSchema.safeParse(await readRunFile(file, { directory }));
  if (!parsed.success) throw new DataError(`${file} is no draft of a run's configuration: start the run anew`);
  const { alphaGiven, config } = parsed.data;
  return { alphaGiven, config: checkRunConfig(config, { file }) };
}

/** Replaces the draft by the whole configuration. */
export async function writeRunConfig(directory: string, config: RunConfig): Promise<void> {
  await writeFileAtomic(runPaths(directory).config, `${JSON.stringify(config, null, 2)}\n`);
  await removeRunDraft(directory);
}

/** Removes the draft of a run whose whole configuration is there; nothing happens where there is none. */
export async function removeRunDraft(directory: string): Promise<void> {
  await Deno.remove(runPaths(directory).draft).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
