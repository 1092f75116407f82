/**
 * Which image files are there.
 *
 * @module
 */
import { DataError, nameFile } from "../../base/errors.ts";
import { Containment } from "./containment.ts";
import type { DropReason } from "./drop_log.ts";
import type { StudyIndex } from "./study_index.ts";

const MISSING: DropReason = { step: "files", reason: "image file is missing", unit: "image", fault: true };
const EMPTY: DropReason = { step: "files", reason: "image file is empty", unit: "image", fault: true };
const OUTSIDE: DropReason = {
  step: "files",
  reason: "link leads out of the data directory (--follow-links reads it)",
  unit: "image",
  fault: true,
};

/** How to look for files. */
export interface CheckFilesOptions {
  /** Also take images that lie outside the data directory once links are resolved, default false. */
  followLinks?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Looks for every kept image's file, records its size and time, and leaves out (counted and named) those that are
 * missing or empty, or that a link keeps outside the data directory. Does nothing the second time, or where the data
 * set has no image files at all (an error when strict).
 *
 * @throws the system's error, with its path, where the disk fails: what cannot be looked up is not missing.
 */
export function checkFiles(index: StudyIndex, options: CheckFilesOptions = {}): void {
  if (index.filesChecked) return;
  const { images, source } = index;
  if (!source.hasImages) {
    if (!index.drops.strict) return;
    throw new DataError("there are no image files, neither a folder `files` nor `files.zip`", { file: index.root });
  }
  const look = source.generated === undefined ? lookIn(index.root, options.followLinks ?? false) : undefined;
  for (let image = 0; look !== undefined && image < images.count; image++) {
    if ((image & 1023) === 0) options.signal?.throwIfAborted();
    const location = source.locate(image);
    const found = location === undefined ? undefined : look(location.kind === "zip" ? location.archive : location.path);
    const drop = (reason: DropReason) => index.dropImage(image, reason, source.name(image));
    if (location === undefined || found === undefined || !found.info.isFile) {
      drop(MISSING);
      continue;
    }
    const bytes = location.kind === "zip" ? location.size : found.info.size;
    if (!found.isInside) drop(OUTSIDE);
    else if (bytes === 0) drop(EMPTY);
    else {
      images.bytes[image] = bytes;
      // A zip member's checksum shows a change better than a time.
      images.modified[image] = location.kind === "zip" ? location.crc32 : found.info.mtime?.getTime() ?? 0;
    }
  }
  index.filesChecked = true;
}

interface Found {
  info: Deno.FileInfo;
  isInside: boolean;
}

/** Looks paths up; the last one is remembered, because all members of an archive ask for the same. */
function lookIn(root: string, followLinks: boolean): (path: string) => Found | undefined {
  let last: { path: string; found: Found | undefined } | undefined;
  const containment = new Containment(root);
  return (path) => {
    if (last?.path === path) return last.found;
    const found = orUndefined(() => {
      return followLinks ? { info: Deno.statSync(path), isInside: true } : containment.look(path);
    }, path);
    last = { path, found };
    return found;
  };
}

/** What the system answers for a path that leads to no file, whatever state its disk is in. */
const ABSENT: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP", "EINVAL"]);

/**
 * The result, or `undefined` for a path that leads to no file.
 *
 * @throws whatever else keeps the path from being looked up (EIO, ESTALE, EACCES, ETIMEDOUT): a file behind a failing
 * disk is not missing, and a cache without it would have to be made anew.
 */
function orUndefined<T>(look: () => T, path: string): T | undefined {
  try {
    return look();
  } catch (error) {
    if (ABSENT.has(String((error as { code?: unknown }).code)) || error instanceof Deno.errors.NotFound) {
      return undefined;
    }
    throw nameFile(error, path);
  }
}
