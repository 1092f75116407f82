/**
 * Start-up of `deno task train`: the run's directory, configuration and data, for new and resumed runs.
 *
 * @module
 */
import { isDigits } from "../../data/mod.ts";
import { toFlags } from "../../base/setting_group.ts";
import {
  checkRunConfig,
  type LockOptions,
  lockRun,
  neededData,
  openRunData,
  readRunConfig,
  readRunDraft,
  removeRunDraft,
  requireEvaluable,
  requireOptimization,
  requireRanks,
  type RunConfig,
  type RunData,
  type RunDraft,
  runPaths,
  sweepTemporary,
  withAnnealing,
  writeRunConfig,
  writeRunDraft,
} from "../../training/mod.ts";
import { RUN_SETTINGS } from "../../training/run/run_settings.ts";
import { UsageError, UserError } from "../terminal/errors.ts";
import { exists } from "../terminal/exists.ts";
import { CACHE, drawPhantoms, phantomRoot } from "./phantom_data.ts";
import { textOf } from "../options/options.ts";
import {
  DEFAULT_PHANTOMS,
  requireCompute,
  requireNetwork,
  runConfigOf,
  runDirectory,
  type TrainValues,
} from "../options/run_options.ts";
import { type DataReporter, reportData } from "./run_output.ts";

/** Directory of the phantoms of runs without `--data`. */
const PHANTOMS = phantomRoot(DEFAULT_PHANTOMS);

/** Everything that training needs. */
export interface StartedRun {
  readonly config: RunConfig;
  readonly data: RunData;
}

/** Options of {@linkcode startRun}. */
export interface StartOptions {
  readonly directory: string;
  /** The flags given by the user, without defaults. */
  readonly given: Partial<TrainValues>;
  readonly signal: AbortSignal;
  /** Number of processes that train the run together, 1 by default. */
  readonly ranks?: number;
}

/**
 * Locks a run's directory for this process: a new directory, or with `resume` any.
 *
 * @param options.wait Wait for another process to leave the directory instead of refusing.
 * @throws {UserError | DataError} if another run exists there, or another process has it.
 */
export async function takeRunDirectory(
  directory: string,
  options: { resume: boolean; wait?: LockOptions["wait"] },
): Promise<Disposable> {
  const { resume, wait } = options;
  await Deno.mkdir(directory, { recursive: true });
  const lock = await lockRun(directory, wait ? { wait } : {});
  try {
    if (!resume && await exists(runPaths(directory).checkpoints)) {
      throw new UserError(
        `${directory} holds a run already: go on with it by --resume, choose another --run NAME, or delete the ` +
          `directory`,
      );
    }
    await sweepTemporary(directory);
    return lock;
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** The directory of a run that is to be trained. */
export interface TakenRun {
  readonly lock: Disposable;
  /** Whether a run is there to go on with; otherwise one is to be started. */
  readonly resume: boolean;
}

/**
 * Locks the directory of a run that is to be trained. With `--resume` a run that does not exist yet is started, and
 * another process that trains it is waited for, because a job that is requeued is given by the command that started it,
 * perhaps while its first copy still runs.
 *
 * @throws {UserError | DataError} without `--resume`, if a run exists or another process has the directory.
 * @throws the reason of `signal`, when it aborts the waiting.
 */
export async function takeRun({ run, resume }: TrainValues, signal: AbortSignal): Promise<TakenRun> {
  const directory = runDirectory(run);
  const wait = { signal, onWait: () => console.error(`another process trains ${directory}; waiting for it`) };
  const lock = await takeRunDirectory(directory, { resume, ...(resume ? { wait } : {}) });
  try {
    if (!resume) return { lock, resume };
    const { config, draft, checkpoints } = runPaths(directory);
    // A run that has lost its configuration is one, too, and is refused later.
    for (const path of [config, draft, checkpoints]) if (await exists(path)) return { lock, resume };
    console.error(`there is no run in ${directory} yet; starting one`);
    return { lock, resume: false };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** Opens or generates the data and determines the configuration, which for a resumed run is that in its directory. */
export async function startRun(values: TrainValues, options: StartOptions): Promise<StartedRun> {
  const { directory } = options;
  const paths = runPaths(directory);
  if (values.resume && (await exists(paths.config) || !await exists(paths.draft))) {
    const config = await readRunConfig(directory);
    refuseChanges(config, options.given);
    requireRanks(config, { size: options.ranks ?? 1 });
    requireBest(values, config);
    // The run may have been stopped between creating its directory and writing the configuration.
    await removeRunDraft(directory);
    return { config, data: await openData(config, options) };
  }
  const draft = values.resume ? await readRunDraft(directory) : newDraft(values, options.ranks ?? 1);
  if (values.resume) refuseChanges(draft.config, options.given);
  else await writeRunDraft(directory, draft);
  const data = await openData(draft.config, options);
  // Round-tripped through the check, so that a run starts with exactly the object with which it is resumed.
  const config = checkRunConfig(draft.alphaGiven ? draft.config : withAnnealing(draft.config, data), {
    file: paths.config,
  });
  await writeRunConfig(directory, config);
  return { config, data };
}

function newDraft(values: TrainValues, ranks: number): RunDraft {
  requireCompute(values);
  requireNetwork(values);
  const { dataset, data, alphaSteps } = values;
  const isPhantoms = data === undefined && (dataset === undefined || dataset === "phantoms");
  if (data === undefined && !isPhantoms && !isDigits(dataset)) {
    throw new UserError(`--dataset ${dataset} needs --data DIR`);
  }
  const root = isPhantoms ? PHANTOMS : data;
  const config = runConfigOf(values, { root, alphaSteps: alphaSteps ?? 0 });
  if (ranks > 1) config.training = { ...config.training, ranks };
  requireRanks(config, { size: ranks });
  requireBest(values, config);
  requireOptimization(config.training);
  return { config, alphaGiven: alphaSteps !== undefined };
}

/** Checks, before hours of training, that the checkpoint that is to be evaluated will exist. */
function requireBest({ checkpoint }: TrainValues, { training }: RunConfig): void {
  if (checkpoint === "last" || training.keepBest !== undefined) return;
  throw new UsageError("--checkpoint best needs a run that keeps it: give --keep-best loss or --keep-best auroc, too");
}

async function openData(config: RunConfig, { signal }: StartOptions): Promise<RunData> {
  if (config.data.root === PHANTOMS) await drawPhantoms(DEFAULT_PHANTOMS, { signal });
  using reporter: DataReporter = reportData();
  const data = await openRunData({
    ...neededData(config),
    cacheDir: CACHE,
    signal,
    onIndex: (tables) => requireEvaluable(config, tables),
    ...reporter,
  });
  reporter.finish(data);
  // Again, because images that cannot be decoded are excluded by now.
  requireEvaluable(config, data);
  return data;
}

/** A resumed run keeps its configuration; contradicting flags are rejected rather than ignored. */
function refuseChanges(config: RunConfig, given: Partial<TrainValues>): void {
  const known = toFlags(RUN_SETTINGS, config);
  for (const [key, value] of Object.entries(given)) {
    const before = known[key];
    if (!(key in known) || value === undefined || JSON.stringify(before) === JSON.stringify(value)) continue;
    const was = before === undefined ? `without ${key}` : `with ${key} ${textOf(before)}`;
    throw new UserError(
      `the run was started ${was}, not ${textOf(value)}: leave the flag out to go on, or start another --run NAME`,
    );
  }
}
