/**
 * Event files for TensorBoard in a run's folder: `tensorboard --logdir runs` shows all runs.
 *
 * Each session writes a file with all lines of the run, those of earlier sessions from `metrics.jsonl` included, and
 * removes the file before it. A step is therefore never there twice, whatever a session that was killed had written.
 *
 * @module
 */
import { join } from "node:path";
import { makeFolder, removeIfPresent, syncFile, writeAll, writeFileAtomic } from "../../../base/atomic_file.ts";
import { concatBytes } from "../../../base/bytes.ts";
import { nameFile } from "../../../base/errors.ts";
import { openForUpdateSync } from "../../../base/regular_file.ts";
import type { LoggedEvaluation, LoggedLine, RunLogger } from "../logger.ts";
import { imageRecord, lineRecord, restartRecord, scalarsRecord, versionRecord } from "./events.ts";
import { writeProjector } from "./projector.ts";

/** Names of event files; TensorBoard reads a folder's in alphabetical order. */
const EVENT_FILE = /^events\.out\.tfevents\.(\d{10})\.mmvm$/;

/** TensorBoard's log of a run. */
export class TensorboardLog implements RunLogger {
  #file = "";
  /** Seconds since 1970 at which the run would have started if it had been trained without a break. */
  #started = 0;

  /** @param folder Folder of the event files. */
  constructor(private readonly folder: string) {}

  async begin(lines: readonly LoggedLine[]): Promise<void> {
    await makeFolder(this.folder);
    const before = await this.#eventFiles();
    const now = Date.now() / 1000;
    this.#started = now - (lines.findLast(({ seconds }) => seconds !== undefined)?.seconds ?? 0);
    // Later than every other, even if a session lasted less than a second.
    const time = Math.max(Math.floor(now), ...before.map((name) => Number(EVENT_FILE.exec(name)![1]) + 1));
    this.#file = join(this.folder, `events.out.tfevents.${time}.mmvm`);
    await writeFileAtomic(this.#file, this.#records(lines, { restarts: before.length > 0, now }));
    for (const name of before) await removeIfPresent(join(this.folder, name));
  }

  write(lines: readonly LoggedLine[]): void {
    this.#append(lines.map((line) => lineRecord(line, this.#timeOf(line))));
  }

  async sync(): Promise<void> {
    await syncFile(this.#file);
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  async evaluated({ step, scores, images, latents }: LoggedEvaluation): Promise<void> {
    const last = (await this.#eventFiles()).at(-1);
    if (last === undefined) return;
    this.#file = join(this.folder, last);
    const at = { step, wallTime: Date.now() / 1000 };
    this.#append([scalarsRecord(scores, at), ...images.map((image) => imageRecord(image, at))]);
    await this.sync();
    if (latents.length > 0) await writeProjector(this.folder, latents);
  }

  *#records(lines: readonly LoggedLine[], { restarts, now }: { restarts: boolean; now: number }) {
    yield versionRecord(now);
    if (restarts) yield restartRecord(now);
    for (const line of lines) yield lineRecord(line, this.#timeOf(line));
  }

  #append(records: readonly Uint8Array[]): void {
    try {
      using file = openForUpdateSync(this.#file, { append: true });
      writeAll(file, concatBytes(records));
    } catch (error) {
      throw nameFile(error, this.#file);
    }
  }

  #timeOf({ seconds }: LoggedLine): number {
    return seconds === undefined ? Date.now() / 1000 : this.#started + seconds;
  }

  async #eventFiles(): Promise<string[]> {
    const names = [];
    for await (const { name } of Deno.readDir(this.folder)) if (EVENT_FILE.test(name)) names.push(name);
    return names.sort();
  }
}
