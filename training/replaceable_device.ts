/**
 * Work that outlives its device.
 *
 * @module
 */
import { Device, DeviceLostError, EngineError, NoAdapterError, OutOfMemoryError } from "../runtime/mod.ts";
import { BatchTooLargeError } from "./batch_size.ts";

/** Failures in a row, with no progress between them, after which there is no point in going on. */
const MAX_FAILURES = 3;
/** Milliseconds to wait before each try to open a device anew: a driver that was reset takes a moment. */
const WAITS = [0, 1000, 5000, 15_000];

/** A device that is replaced by another when it is lost. */
export class ReplaceableDevice implements Disposable {
  private constructor(private readonly open: () => Promise<Device>, private device: Device) {}

  /** @param open Opens a device; by default the default adapter's. */
  static async open(open: () => Promise<Device> = () => Device.open()): Promise<ReplaceableDevice> {
    return new ReplaceableDevice(open, await open());
  }

  /** The device of the moment. */
  get current(): Device {
    return this.device;
  }

  /**
   * Closes the device, whatever state it is in, and opens another.
   *
   * @throws {NoAdapterError | EngineError} where there is none for some time.
   */
  async replace(options: { waits?: readonly number[] } = {}): Promise<void> {
    this.device[Symbol.dispose]();
    let failure: unknown;
    for (const wait of options.waits ?? WAITS) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      try {
        this.device = await this.open();
        return;
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  [Symbol.dispose](): void {
    this.device[Symbol.dispose]();
  }
}

/** How to go on. */
export interface DeviceRecovery {
  /** How far the work has come, as a number that grows. Failures count anew from where it has grown. */
  readonly progress?: () => Promise<number>;
  readonly onWarning?: (message: string) => void;
}

/**
 * Does work on a device, and does it again on a new one when the device is lost, runs out of memory on the way or its driver fails.
 *
 * @param work Must be able to start over, or to go on from what it has saved; `attempt` counts from 0.
 * @throws the failure itself after three of them without progress.
 */
export async function throughDeviceFailures<T>(
  devices: ReplaceableDevice,
  work: (device: Device, attempt: number) => Promise<T>,
  options: DeviceRecovery = {},
): Promise<T> {
  const progress = options.progress ?? (() => Promise.resolve(0));
  let reached = await progress();
  let failures = 0;
  for (let attempt = 0;; attempt++) {
    try {
      return await work(devices.current, attempt);
    } catch (error) {
      if (!isDeviceFailure(error)) throw error;
      const now = await progress();
      failures = now > reached ? 1 : failures + 1;
      reached = now;
      if (failures >= MAX_FAILURES) throw error;
      options.onWarning?.(`${error.message}. Going on with a device opened anew (${failures} of ${MAX_FAILURES - 1})`);
      await devices.replace();
    }
  }
}

/** What a new device may put right; not a fault of a kernel, nor a program that is too large. */
function isDeviceFailure(error: unknown): error is EngineError {
  if (error instanceof BatchTooLargeError || error instanceof NoAdapterError) return false;
  return error instanceof DeviceLostError || error instanceof OutOfMemoryError ||
    (error instanceof EngineError && error.constructor === EngineError);
}
