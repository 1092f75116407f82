import { succeeds } from "../process.ts";
import type { StartOptions } from "./subject.ts";

/** Bytes after which nothing more can be written: a small file system where this user may mount one, else a simulated one. */
export abstract class SmallDisk implements Disposable {
  /**
   * Makes a directory whose disk has so many bytes.
   *
   * @param options.simulated Do not try to mount.
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

  /** What processes that are to use the disk are started with. */
  abstract readonly startOptions: Pick<StartOptions, "fault">;
  /** What such a process must say. */
  readonly complaint = /^error: the disk is full at runs\/[^:]+: free some space/m;

  /** Makes room. */
  abstract enlarge(): void;
  /** Lets nothing be written any more, or lets it again. */
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
