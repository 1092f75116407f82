/**
 * The flags of `train`, and their conversion to the configuration of a run.
 *
 * @module
 */
import { isAbsolute, join } from "node:path";
import { choice, flag, number, path, runName, type SettingValues } from "../../base/setting.ts";
import { flagsOf, fromFlags } from "../../base/setting_group.ts";
import { METHOD_NAMES, methodKind, methodOf, networkOf, privateDimOf } from "../../models/mod.ts";
import { CHECKPOINTS, datasetOptionsOf, RUN_CONFIG_VERSION, type RunConfig } from "../../training/mod.ts";
import { RUN_SETTINGS, SESSION_SETTINGS } from "../../training/run/run_settings.ts";
import { UsageError } from "../terminal/errors.ts";
import { userPath } from "../terminal/paths.ts";
import type { HelpGroup } from "./options.ts";

/** Number of phantom studies of a run without `--data`, and their seed. */
export const DEFAULT_PHANTOMS = { studies: 900, seed: 1 } as const;

const { data, ...reading } = flagsOf(RUN_SETTINGS.data);

/** The flags of all tasks that read data; defaults are those published for the data set. */
export const DATA_OPTIONS = reading;

/** Which of a run's checkpoints is used. */
export const CHECKPOINT_OPTION = choice(CHECKPOINTS, {
  help: "checkpoint to use: the last one, or the one that --keep-best kept",
  default: "last",
});

/** The flags of `train`: the settings in `training/run/run_settings.ts`, and some that only the command line has. */
export const TRAIN_OPTIONS = {
  data,
  run: runName({ help: "name of the run; its files are in runs/NAME", default: "default" }),
  resume: flag({ help: "resume runs/NAME from its last checkpoint, or start it if it does not exist yet" }),
  config: path({
    help: "JSON file with these flags as camel-case fields; flags take precedence",
    placeholder: "file",
  }),
  ...flagsOf(RUN_SETTINGS.model),
  ...flagsOf(RUN_SETTINGS.training),
  ...flagsOf(SESSION_SETTINGS),
  noTune: flag({ help: "use each kernel's default variant instead of tuning on this adapter" }),
  gpuMemory: number({ above: 0, max: 1e9, help: "limit of GPU memory in MiB; unlimited by default" }),
  checkpoint: { ...CHECKPOINT_OPTION, help: "checkpoint to evaluate: the last one, or the one that --keep-best keeps" },
  untrained: flag({ help: "also evaluate the untrained encoders, for comparison" }),
  ...DATA_OPTIONS,
};

/** The headings of the help of `train`: the ten most used options, then the others by what they are about. */
export const TRAIN_GROUPS: readonly HelpGroup[] = [
  {
    heading: "Most used",
    options: ["data", "dataset", "run", "resume", "method", "imageSize", "latentDim", "epochs", "batchSize", "lr"],
  },
  { heading: "Data", options: Object.keys(DATA_OPTIONS) },
  { heading: "Model", options: Object.keys(flagsOf(RUN_SETTINGS.model)) },
  { heading: "Optimisation", options: Object.keys(flagsOf(RUN_SETTINGS.training)) },
  { heading: "Run", options: Object.keys(TRAIN_OPTIONS) },
];

/** The values of `train`'s flags. */
export type TrainValues = SettingValues<typeof TRAIN_OPTIONS>;

/** Flags that are not allowed in a `--config` file. */
export const COMMAND_LINE_ONLY: readonly string[] = ["config", "resume"];

/**
 * Builds the configuration of a run from flags.
 *
 * @param options.root Data directory; `undefined` for data sets that come with the packages.
 * @param options.alphaSteps Annealing steps, computed from the data if no flag sets them.
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

/** Builds the options of `openDataset()` from flags. */
export function datasetOptions(values: SettingValues<typeof DATA_OPTIONS>, root: string | undefined) {
  return datasetOptionsOf(fromFlags(RUN_SETTINGS.data, { ...values, data: root }));
}

/**
 * Checks early that the network and the method support the sizes.
 *
 * @throws {UsageError} if they do not.
 */
export function requireNetwork(values: TrainValues): void {
  const { method, privateDim, latentDim } = values;
  if (METHOD_NAMES.includes(method)) requirePrivateDim({ method, privateDim, latentDim });
  else if (privateDim !== undefined) {
    throw new UsageError(
      `--private-dim is of VAEs, and method ${method} has no latents of its own: leave it out`,
    );
  }
  try {
    networkOf(values.network, { ...values, decodes: methodKind(values.method) === "vae" });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${error.message}: give another --image-size or --network`);
  }
}

/**
 * Checks early that products of float16 come with storage of float16.
 *
 * @throws {UsageError} if they do not.
 */
export function requireCompute({ compute, precision }: Pick<TrainValues, "compute" | "precision">): void {
  if (compute === "f16" && precision !== "f16") {
    throw new UsageError(
      `--compute f16 needs --precision f16, whose loss scale keeps gradients in float16's range, not ${precision}: ` +
        "add it, or leave --compute out",
    );
  }
}

function requirePrivateDim(values: Pick<TrainValues, "method" | "privateDim" | "latentDim">): void {
  try {
    privateDimOf(methodOf(values.method), values);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${error.message}: give another --private-dim or --latent-dim`);
  }
}

/** Resolves a run's directory: a path is used as it is, a name refers to `runs/NAME`. */
export function runDirectory(run: string): string {
  if (isAbsolute(run) || run.includes("/")) return userPath(run);
  return join("runs", run);
}
