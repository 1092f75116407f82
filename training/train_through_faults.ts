/**
 * Training that recovers from faults: a lost device, or a batch whose results are not finite.
 *
 * @module
 */
import { listCheckpoints } from "../runtime/files/checkpoint.ts";
import { NonFiniteStepError } from "./non_finite.ts";
import { type ReplaceableDevice, throughDeviceFailures } from "./replaceable_device.ts";
import { runPaths } from "./run/run_directory.ts";
import { trainRun } from "./train_run.ts";
import type { TrainedRun, TrainRunOptions } from "./train_run_options.ts";

/** As {@link TrainRunOptions}, on a device that can be replaced. */
export interface TrainThroughFaultsOptions extends Omit<TrainRunOptions, "device" | "skip"> {
  /** The device, replaced when it is lost. */
  readonly devices: ReplaceableDevice;
  /** Number of steps of the run that may be skipped because their loss or gradient is not finite; 0 by default. */
  readonly skipNonFinite?: number;
}

/**
 * Like {@link trainRun}, but after a device failure or a step that may be skipped, the steps since the last checkpoint
 * are repeated, bit for bit.
 *
 * @throws {NonFiniteStepError} if more than `skipNonFinite` steps are not finite.
 * @throws {DeviceLostError | OutOfMemoryError} if it happens repeatedly without progress.
 */
export async function trainThroughFaults(options: TrainThroughFaultsOptions): Promise<TrainedRun> {
  const { devices, skipNonFinite = 0, directory, onWarning, ...training } = options;
  const warnings = onWarning ? { onWarning } : {};
  const skip = new Set<number>();
  const progress = async () => (await listCheckpoints(runPaths(directory).checkpoints))[0]?.step ?? 0;
  for (let resume = options.resume ?? false;; resume = true) {
    try {
      // Other ranks wait for this one: if its device fails, the job ends and is started again.
      if (options.ranks) {
        return await trainRun({ ...training, ...warnings, directory, device: devices.current, skip, resume });
      }
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
