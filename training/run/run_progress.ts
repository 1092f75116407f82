/**
 * How far a run is, as others see it: from its files, without disturbing the process that trains it.
 *
 * @module
 */
import { stepsPerEpoch } from "../../data/mod.ts";
import { openRegular } from "../../base/regular_file.ts";
import type { LoggedLine } from "../loggers/logger.ts";
import { readPairCount } from "./run_data_record.ts";
import type { RunConfig } from "./run_config.ts";
import { runPaths } from "./run_directory.ts";

/** Steps of the whole run; undefined before its data are prepared. */
export async function totalSteps(directory: string, config: RunConfig): Promise<number | undefined> {
  const pairs = await readPairCount(directory);
  const { batchSize, epochs } = config.training;
  return pairs === undefined ? undefined : stepsPerEpoch(pairs, { batchSize }) * epochs;
}

/** A million steps have about this much. */
const METRICS = { maxBytes: 2 ** 28, kind: "a file of metrics" };
const LINE_BREAK = 10;

/** Reads the lines that are added to `metrics.jsonl`. */
export class MetricsTail {
  #at = 0;
  #inode: number | null = null;

  /**
   * Begins with all lines of a run.
   *
   * @param directory Folder of the run.
   */
  constructor(private readonly directory: string) {}

  /**
   * The complete lines since the last call. A resumed run has a new file, whose lines are all new; what is no line of
   * JSON with a step is left out.
   */
  async next(): Promise<LoggedLine[]> {
    const text = await this.#read();
    return text.split("\n").flatMap((line) => {
      try {
        const value = JSON.parse(line) as LoggedLine | null;
        return Number.isSafeInteger(value?.step) ? [value!] : [];
      } catch {
        return [];
      }
    });
  }

  async #read(): Promise<string> {
    try {
      using opened = await openRegular(runPaths(this.directory).metrics, METRICS);
      const { ino, size } = await opened.file.stat();
      if (ino !== this.#inode || size < this.#at) this.#at = 0;
      this.#inode = ino;
      await opened.file.seek(this.#at, Deno.SeekMode.Start);
      const bytes = new Uint8Array(size - this.#at);
      let length = 0;
      for (let read: number | null = 0; length < bytes.length && read !== null; length += read ?? 0) {
        read = await opened.file.read(bytes.subarray(length));
      }
      // Up to the last line break: a line may be in the middle of being written.
      const whole = bytes.subarray(0, bytes.subarray(0, length).lastIndexOf(LINE_BREAK) + 1);
      this.#at += whole.length;
      return new TextDecoder().decode(whole);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }
}
