/**
 * Parts of a cache, which processes on several machines prepare at the same time in one shared folder.
 *
 * Part I of N has the shards whose number modulo N is I, so no two parts write the same file. Each keeps its own log of
 * skipped images. The next preparation of the whole cache merges the logs and removes what only parts need.
 *
 * @module
 */
import { join } from "node:path";
import { removeIfPresent, writeFileAtomic } from "../../base/atomic_file.ts";
import { DataError } from "../../base/errors.ts";
import { readSkipped, type SkippedImage } from "./skipped_log.ts";

/** A part of a cache. */
export interface CachePart {
  /** 0 to `count - 1`. */
  readonly index: number;
  /** Number of parts. */
  readonly count: number;
}

const FILE = /^part-\d+-of-(\d+)\.(lock|skipped\.jsonl)$/;

/** The name of a file of a part in the cache's folder. */
export function partFile({ index, count }: CachePart, kind: "lock" | "skipped.jsonl"): string {
  return `part-${index}-of-${count}.${kind}`;
}

/** @throws {RangeError} if there is no such part. */
export function checkPart({ index, count }: CachePart): void {
  if (Number.isSafeInteger(index) && Number.isSafeInteger(count) && index >= 0 && index < count) return;
  throw new RangeError(`part ${index} of ${count} does not exist: the parts of N are 0 to N - 1`);
}

/** Whether a part writes a file of the cache. */
export function isFileOfPart(name: string, part: CachePart): boolean {
  const shard = /^shard-(\d+)\./.exec(name)?.[1];
  if (shard !== undefined) return Number(shard) % part.count === part.index;
  return name === partFile(part, "skipped.jsonl");
}

/**
 * Refuses to divide a cache that is already divided into another number of parts.
 *
 * @throws {DataError} if it is.
 */
export function refuseOtherParts(directory: string, { count }: CachePart): void {
  for (const { name } of Deno.readDirSync(directory)) {
    const other = FILE.exec(name)?.[1];
    if (other === undefined || Number(other) === count) continue;
    throw new DataError(
      `these images are being prepared in ${other} parts, not ${count}: go on with those, or first run ` +
        "`deno task prepare` without --part, which merges them",
      { file: directory },
    );
  }
}

/**
 * Adds the parts' logs to the cache's log of skipped images, in the order of images, and removes the parts' files. The
 * caller holds the lock of the whole cache. May be interrupted and repeated.
 */
export async function mergeParts(directory: string): Promise<void> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(directory)) if (name === "parts.lock" || FILE.test(name)) names.push(name);
  const logs = names.filter((name) => name.endsWith(".jsonl"));
  if (logs.length > 0) {
    const path = join(directory, "skipped.jsonl");
    const entries = new Map<number, SkippedImage>();
    for (const log of [path, ...logs.sort().map((name) => join(directory, name))]) {
      for (const entry of readSkipped(log)) entries.set(entry.image, entry);
    }
    const sorted = [...entries.values()].sort((a, b) => a.image - b.image);
    await writeFileAtomic(path, sorted.map((entry) => JSON.stringify(entry) + "\n"));
  }
  for (const name of names) await removeIfPresent(join(directory, name));
}
