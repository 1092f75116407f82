/**
 * Training that goes on after what can be put right: a lost device, a batch whose numbers are not finite.
 *
 * @module
 */
import { listCheckpoints } from "../runtime/files/checkpoint.ts";
import { NonFiniteStepError } from "./non_finite.ts";
import { type ReplaceableDevice, throughDeviceFailures } from "./replaceable_device.ts";
import { runPaths } from "./run/run_directory.ts";
import { type TrainedRun, trainRun, type TrainRunOptions } from "./train_run.ts";

/** As {@link TrainRunOptions}, on a device that can be replaced. */
export interface TrainThroughFaultsOptions extends Omit<TrainRunOptions, "device" | "skip"> {
  readonly devices: ReplaceableDevice;
  /** Steps that may be left out in the whole run because their loss or gradient is not finite; 0 by default. */
  readonly skipNonFinite?: number;
}

/**
 * Trains as {@link trainRun} does. A device failure, or a step that may be left out, costs the steps since the last checkpoint; they are
 * done again, bit for bit.
 *
 * @throws {NonFiniteStepError} where one step more than `skipNonFinite` has numbers that are not finite.
 * @throws {DeviceLostError | OutOfMemoryError} where it happens again and again.
 */
export async function trainThroughFaults(options: TrainThroughFaultsOptions): Promise<TrainedRun> {
  const { devices, skipNonFinite = 0, directory, onWarning, ...training } = options;
  const warnings = onWarning ? { onWarning } : {};
  const skip = new Set<number>();
  const progress = async () => (await listCheckpoints(runPaths(directory).checkpoints))[0]?.step ?? 0;
  for (let resume = options.resume ?? false;; resume = true) {
    try {
      return await throughDeviceFailures(
        devices,
        (device, attempt) =>
          trainRun({ ...training, ...warnings, directory, device, skip, resume: resume || attempt > 0 }),
        { ...warnings, progress },
      );
    } catch (error) {
      if (!(error instanceof NonFiniteStepError) || error.skipped >= skipNonFinite) throw error;
      skip.add(error.step);
      onWarning?.(
        `${error.what}. Its batch is left out, the ${error.skipped + 1}. of at most ${skipNonFinite}; ` +
          `going on from step ${await progress()}`,
      );
    }
  }
}
