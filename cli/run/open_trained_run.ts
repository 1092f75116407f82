/**
 * Shared start-up of the tasks that use a trained run.
 *
 * @module
 */
import { openEncoders, openModel } from "../../eval/mod.ts";
import {
  type CheckpointChoice,
  neededData,
  openRunData,
  readRunConfig,
  type RunConfig,
  type RunData,
} from "../../training/mod.ts";
import type { Device } from "../../runtime/mod.ts";
import { printable } from "../terminal/errors.ts";
import { type OptionValues, path } from "../options/options.ts";
import { CACHE } from "./phantom_data.ts";
import { CHECKPOINT_OPTION, DATA_OPTIONS, runDirectory } from "../options/run_options.ts";
import { reportData } from "./run_output.ts";

/** Flags by which these tasks select data. */
export const TRAINED_RUN_OPTIONS = {
  data: path({ help: "data directory; that of training by default", placeholder: "dir" }),
  dataset: DATA_OPTIONS.dataset,
  checkpoint: CHECKPOINT_OPTION,
};

/** The operand that names the run. */
export const RUN_OPERAND = { name: "RUN", help: "name or directory of a run", min: 1, max: 1 } as const;

/** A run and the data to use it on. */
export interface TrainedRunData {
  readonly directory: string;
  readonly config: RunConfig;
  readonly data: RunData;
}

/**
 * Reads a run's configuration and opens its data, or those of `--data` with the same policies.
 *
 * @throws {DataError} if the run does not exist or the data cannot be read.
 */
export async function openTrainedRun(
  run: string,
  values: OptionValues<typeof TRAINED_RUN_OPTIONS>,
): Promise<TrainedRunData> {
  const directory = runDirectory(run);
  const config = await readRunConfig(directory);
  using reporter = reportData();
  const data = await openRunData({
    ...neededData({ ...config, data: placeOf(config, values) }),
    cacheDir: CACHE,
    ...reporter,
  });
  reporter.finish(data);
  return { directory, config, data };
}

/** Opens the run's model from a valid checkpoint; invalid ones are reported on standard error. */
export function openTrainedModel(
  device: Device,
  trained: TrainedRunData & { readonly batchSize?: number; readonly checkpoint: CheckpointChoice },
) {
  return openModel(device, {
    ...trained,
    onWarning: (message) => console.error(printable(`warning: ${message}`)),
  });
}

/** Opens the run's encoders as {@link openTrainedModel} opens the whole model; any method has them. */
export function openTrainedEncoders(
  device: Device,
  trained: TrainedRunData & { readonly checkpoint?: CheckpointChoice },
) {
  return openEncoders(device, {
    ...trained,
    onWarning: (message) => console.error(printable(`warning: ${message}`)),
  });
}

function placeOf(config: RunConfig, values: OptionValues<typeof TRAINED_RUN_OPTIONS>): RunConfig["data"] {
  if (values.data === undefined && values.dataset === undefined) return config.data;
  // Other data may be of another kind, which is detected from the files unless --dataset is given.
  const { dataset: _dataset, root: _root, ...policies } = config.data;
  return {
    ...policies,
    ...(values.data === undefined ? {} : { root: values.data }),
    ...(values.dataset === undefined ? {} : { dataset: values.dataset }),
  };
}
