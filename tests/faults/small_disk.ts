/**
 * A disk of limited size.
 *
 * @module
 */
import { succeeds } from "../process.ts";
import type { StartOptions } from "./subject.ts";

/** A disk of limited size: a small tmpfs if this user may mount one, otherwise a simulation in the process. */
export abstract class SmallDisk implements Disposable {
  /**
   * Creates a directory on a disk of the given size.
   *
   * @param options.bytes Size of the disk.
   * @param options.simulated Simulates the disk without trying to mount one.
   */
  static create(directory: string, options: { bytes: number; simulated?: boolean }): SmallDisk {
    const { bytes, simulated = false } = options;
    Deno.mkdirSync(directory, { recursive: true });
    if (simulated) return new SimulatedDisk(directory, bytes);
    for (const prefix of [[], ["sudo", "-n"]]) {
      if (succeeds([...prefix, "mount", "-t", "tmpfs", "-o", `mode=777,size=${bytes}`, "tmpfs", directory])) {
        return new MountedDisk(directory, prefix);
      }
    }
    return new SimulatedDisk(directory, bytes);
  }

  /** Options for starting processes that use the disk. */
  abstract readonly startOptions: Pick<StartOptions, "fault">;
  /** The error that such a process must print. */
  readonly complaint = /^error: the disk is full at runs\/[^:]+: free some space/m;

  /** Enlarges the disk. */
  abstract enlarge(): void;
  /** Makes the disk read-only, or writable again. */
  abstract set readOnly(value: boolean);
  abstract [Symbol.dispose](): void;
}

class MountedDisk extends SmallDisk {
  readonly startOptions = {};

  constructor(private readonly directory: string, private readonly prefix: readonly string[]) {
    super();
  }

  override enlarge(): void {
    this.#run("mount", "-o", "remount,size=100m", this.directory);
  }

  override set readOnly(value: boolean) {
    this.#run("mount", "-o", `remount,${value ? "ro" : "rw"}`, this.directory);
  }

  override [Symbol.dispose](): void {
    this.#run("umount", this.directory);
  }

  #run(...command: string[]): void {
    if (!succeeds([...this.prefix, ...command])) throw new Error(`${command.join(" ")} failed`);
  }
}

class SimulatedDisk extends SmallDisk {
  #readOnly = false;

  constructor(private readonly directory: string, private readonly bytes: number) {
    super();
  }

  override get startOptions(): Pick<StartOptions, "fault"> {
    const { directory, bytes } = this;
    return {
      fault: this.#readOnly
        ? { module: "./read_only_disk.ts", parameters: { directory } }
        : { module: "./full_disk.ts", parameters: { directory, bytes } },
    };
  }

  override enlarge(): void {}
  override set readOnly(value: boolean) {
    this.#readOnly = value;
  }
  override [Symbol.dispose](): void {}
}
