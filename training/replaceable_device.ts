/**
 * Recovery from device failures: a lost device is replaced and the work repeated.
 *
 * @module
 */
import { Device, DeviceLostError, EngineError, NoAdapterError, OutOfMemoryError } from "../runtime/mod.ts";
import { BatchTooLargeError } from "./batch_size.ts";

/** Give up after this many consecutive failures without progress. */
const MAX_FAILURES = 3;
/** Milliseconds to wait before each attempt to reopen a device: a driver needs a moment after a reset. */
const WAITS = [0, 1000, 5000, 15_000];

/** Holds a device, and replaces it when it is lost. */
export class ReplaceableDevice implements Disposable {
  private constructor(private readonly open: () => Promise<Device>, private device: Device) {}

  /**
   * Opens a device.
   *
   * @param open Opens a device; the default adapter's by default.
   */
  static async open(open: () => Promise<Device> = () => Device.open()): Promise<ReplaceableDevice> {
    return new ReplaceableDevice(open, await open());
  }

  /** The current device. */
  get current(): Device {
    return this.device;
  }

  /**
   * Closes the device, whatever its state, and opens a new one.
   *
   * @throws {NoAdapterError | EngineError} if none can be opened for some time.
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

  /** Frees what this holds. */
  [Symbol.dispose](): void {
    this.device[Symbol.dispose]();
  }
}

/** Options of {@link throughDeviceFailures}. */
export interface DeviceRecovery {
  /** A number that grows as the work progresses; when it has grown, the count of failures starts again. */
  readonly progress?: () => Promise<number>;
  /** Called with each warning, one sentence. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Runs work on a device, and runs it again on a new one if the device is lost, runs out of memory or its driver fails.
 *
 * @param work Must be able to start over or to resume from its saved state; `attempt` counts from 0.
 * @throws the failure itself after three without progress.
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

/** Whether a new device may help: not for a faulty kernel or a program that is too large. */
function isDeviceFailure(error: unknown): error is EngineError {
  if (error instanceof BatchTooLargeError || error instanceof NoAdapterError) return false;
  return error instanceof DeviceLostError || error instanceof OutOfMemoryError ||
    (error instanceof EngineError && error.constructor === EngineError);
}
