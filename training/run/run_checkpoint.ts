/**
 * Saves and restores the state of a run.
 *
 * @module
 */
import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import type { HostTensor, StepTrainer } from "../../models/mod.ts";
import { latestCheckpoint, saveCheckpoint } from "../../runtime/files/checkpoint.ts";
import { checkRunConfig, type RunConfig } from "./run_config.ts";
import type { RunPaths } from "./run_directory.ts";

/** The run's own fields of a checkpoint. */
const detailsSchema = z.object({
  seconds: z.number().nonnegative().catch(0),
  skipped: z.array(z.int().nonnegative()).catch([]),
});

/** Which checkpoint of a run to use: the last one, or the one that is best by validation. */
export const CHECKPOINTS = ["last", "best"] as const;

/** One of {@linkcode CHECKPOINTS}. */
export type CheckpointChoice = typeof CHECKPOINTS[number];

/** Where a restored run resumes. */
export interface Restored {
  /** The next step. */
  readonly step: number;
  /** Seconds of training so far. */
  readonly seconds: number;
  /** Steps that were skipped. */
  readonly skipped: readonly number[];
}

/**
 * A fingerprint of what a checkpoint depends on: model, data and optimisation, but not the name of the run. Fields
 * count in the order in which `config.json` is read, whatever order the object has.
 */
export function configHash(config: RunConfig): Promise<string> {
  return hashAsOrdered(checkRunConfig(config, { file: "the configuration" }));
}

/** The fingerprint of older checkpoints: with the fields in the object's own order. */
async function hashAsOrdered({ model, data, training }: RunConfig): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify([model, data, training]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Writes a checkpoint, by default among the regular ones, and deletes all but the latest `keep`. */
export async function saveRun(
  trainer: Pick<StepTrainer<unknown>, "read">,
  options: {
    paths: RunPaths;
    config: RunConfig;
    step: number;
    epoch: number;
    seconds: number;
    skipped: readonly number[];
    keep: number;
    which?: CheckpointChoice;
  },
): Promise<void> {
  const { paths, config, step, epoch, seconds, skipped, keep, which = "last" } = options;
  await saveCheckpoint(folderOf(paths, which), {
    state: {
      step,
      epoch,
      seeds: { run: config.training.seed },
      counters: { step },
      configHash: await configHash(config),
      details: { seconds, skipped: [...skipped] },
    },
    tensors: await trainer.read(),
  }, { keep });
}

/** Writes tensors as the checkpoint of a run before its first step. */
export function saveFirstState(
  tensors: Map<string, HostTensor>,
  { paths, config }: { paths: RunPaths; config: RunConfig },
): Promise<void> {
  const read = () => Promise.resolve(tensors);
  return saveRun({ read }, { paths, config, step: 0, epoch: 0, seconds: 0, skipped: [], keep: 1 });
}

/** The folder of the regular checkpoints, or of the best one. */
function folderOf(paths: RunPaths, which: CheckpointChoice): string {
  return which === "last" ? paths.checkpoints : paths.best;
}

/**
 * Restores the latest intact checkpoint, or the best one.
 *
 * @param options.which The last checkpoint by default.
 * @param options.required Whether a run without a checkpoint is an error; otherwise the result is `undefined`.
 * @throws {DataError} if one is required but there is none, or it belongs to another configuration.
 */
export async function restoreRun(
  model: Pick<StepTrainer<unknown>, "write">,
  options: {
    paths: RunPaths;
    config: RunConfig;
    which?: CheckpointChoice;
    required?: boolean;
    onWarning?: (message: string) => void;
  },
): Promise<Restored | undefined> {
  const { paths, config, which = "last" } = options;
  const { found, warnings } = await latestCheckpoint(folderOf(paths, which));
  for (const warning of warnings) options.onWarning?.(warning);
  if (!found) {
    if (!options.required) {
      if (warnings.length > 0) {
        options.onWarning?.("no checkpoint can be used: the run starts again from its first step");
      }
      return undefined;
    }
    throw new DataError(
      which === "last"
        ? `${paths.directory} has no checkpoint that can be used: train the run first`
        : `${paths.directory} has no best checkpoint that can be used: a run keeps one if it is trained with ` +
          "--keep-best; use --checkpoint last",
    );
  }
  if (![await configHash(config), await hashAsOrdered(config)].includes(found.state.configHash)) {
    throw new DataError(
      `${found.path} was made with another configuration than ${paths.config}: restore that file or start a new run`,
    );
  }
  try {
    model.write(found.tensors);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DataError(`${found.path} does not fit the run's model: ${error.message}`);
  }
  const { seconds, skipped } = detailsSchema.parse(found.state.details);
  return { step: found.state.step, seconds, skipped };
}
