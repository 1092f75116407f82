/**
 * The log of images that were skipped because they cannot be decoded (`skipped.jsonl`).
 *
 * @module
 */
import { z } from "zod";
import { nonEmptyLines } from "../../base/lines.ts";
import { writeAll, writeFileAtomicSync } from "../../base/atomic_file.ts";
import { openForUpdateSync, readRegularTextSync } from "../../base/regular_file.ts";

const entrySchema = z.object({ image: z.int(), name: z.string(), reason: z.string() });

/** Enough for a line per image of the largest data sets. */
const LOG = { maxBytes: 2 ** 28, kind: "a log of skipped images" };

/** An image that was skipped, and why. */
export type SkippedImage = z.infer<typeof entrySchema>;

/** A cache's append-only log of skipped images, in JSON Lines. */
export class SkippedLog {
  readonly #path: string;
  readonly #reasons: Map<number, string>;
  #file: Deno.FsFile | undefined;

  private constructor(path: string, reasons: Map<number, string>) {
    this.#path = path;
    this.#reasons = reasons;
  }

  /**
   * Opens a log; a line truncated by a crash is ignored.
   *
   * @param options.earlier Another log, whose reasons are known too; it is not written.
   */
  static open(path: string, options: { earlier?: string } = {}): SkippedLog {
    const reasons = new Map<number, string>();
    for (const log of options.earlier === undefined ? [path] : [options.earlier, path]) {
      for (const entry of readSkipped(log)) reasons.set(entry.image, entry.reason);
    }
    return new SkippedLog(path, reasons);
  }

  add(entry: SkippedImage): void {
    this.#reasons.set(entry.image, entry.reason);
    this.#file ??= openForUpdateSync(this.#path, { append: true });
    writeAll(this.#file, new TextEncoder().encode(JSON.stringify(entry) + "\n"));
  }

  /** Removes the entries of an image that is being retried. */
  forget(image: number): void {
    if (!this.#reasons.delete(image)) return;
    this.close();
    const rest = readSkipped(this.#path).filter((entry) => entry.image !== image);
    writeFileAtomicSync(this.#path, rest.map((entry) => JSON.stringify(entry) + "\n"));
  }

  /** Why an image was skipped. */
  reason(image: number): string {
    return this.#reasons.get(image) ?? "found unusable by an earlier run";
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/** The entries of a log; empty if there is no log. */
export function readSkipped(path: string): SkippedImage[] {
  let text: string;
  try {
    text = readRegularTextSync(path, LOG);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const entries: SkippedImage[] = [];
  for (const line of nonEmptyLines(text)) {
    try {
      const parsed = entrySchema.safeParse(JSON.parse(line));
      if (parsed.success) entries.push(parsed.data);
    } catch {
      continue;
    }
  }
  return entries;
}
