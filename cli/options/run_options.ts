/**
 * From the flags of `train` to the configuration of a run.
 *
 * @module
 */
import { isAbsolute, join } from "node:path";
import { flag, number, path, runName, type SettingValues } from "../../base/setting.ts";
import { flagsOf, fromFlags } from "../../base/setting_group.ts";
import { networkOf } from "../../models/mod.ts";
import {
  datasetOptionsOf,
  RUN_CONFIG_VERSION,
  RUN_SETTINGS,
  type RunConfig,
  SESSION_SETTINGS,
} from "../../training/mod.ts";
import { UsageError } from "../terminal/errors.ts";
import { userPath } from "../terminal/paths.ts";

/** Phantom studies of a run without `--data`, and their seed. */
export const DEFAULT_PHANTOMS = { studies: 900, seed: 1 } as const;

const { data, ...reading } = flagsOf(RUN_SETTINGS.data);

/** The flags by which any task reads data; what is not given has the data set's published default. */
export const DATA_OPTIONS = reading;

/** The flags of `train`: the settings of `training/run/run_settings.ts`, and these. */
export const TRAIN_OPTIONS = {
  data,
  run: runName({ help: "name of the run; its files are in runs/NAME", default: "default" }),
  resume: flag({ help: "resume runs/NAME from its last checkpoint" }),
  config: path({
    help: "JSON file with these flags as camel-case fields; flags take precedence",
    placeholder: "file",
  }),
  ...flagsOf(RUN_SETTINGS.model),
  ...flagsOf(RUN_SETTINGS.training),
  ...flagsOf(SESSION_SETTINGS),
  noTune: flag({ help: "use each kernel's default variant instead of tuning on this adapter" }),
  gpuMemory: number({ above: 0, max: 1e9, help: "limit of GPU memory in MiB; unlimited by default" }),
  untrained: flag({ help: "also evaluate the untrained encoders, for comparison" }),
  ...DATA_OPTIONS,
};

/** The values of `train`'s flags. */
export type TrainValues = SettingValues<typeof TRAIN_OPTIONS>;

/** Fields of a `--config` file that only the command line takes. */
export const COMMAND_LINE_ONLY: readonly string[] = ["config", "resume"];

/**
 * The configuration of a run.
 *
 * @param options.root Data directory, absent where the data come with the packages.
 * @param options.alphaSteps The steps of the annealing, worked out from the data where no flag gives them.
 */
export function runConfigOf(values: TrainValues, options: { root: string | undefined; alphaSteps: number }): RunConfig {
  const { root, alphaSteps } = options;
  return {
    schema: "mmvm-run",
    version: RUN_CONFIG_VERSION,
    name: values.run,
    ...fromFlags(RUN_SETTINGS, { ...values, data: root, alphaSteps }),
  };
}

/** The options of `openDataset()` from the flags by which any task reads data. */
export function datasetOptions(values: SettingValues<typeof DATA_OPTIONS>, root: string | undefined) {
  return datasetOptionsOf(fromFlags(RUN_SETTINGS.data, { ...values, data: root }));
}

/**
 * Checks that the network takes the sizes, before any work is done.
 *
 * @throws {UsageError} where it does not.
 */
export function requireNetwork(values: TrainValues): void {
  try {
    networkOf(values.network, values);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${error.message}: give another --image-size or --network`);
  }
}

/** The directory of a run: a path as it is, a name below `runs/`. */
export function runDirectory(run: string): string {
  if (isAbsolute(run) || run.includes("/")) return userPath(run);
  return join("runs", run);
}
