/**
 * Checks which image files exist.
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

/** Options of {@linkcode checkFiles}. */
export interface CheckFilesOptions {
  /** Also accept images outside the data directory that are reached through links, default false. */
  followLinks?: boolean | undefined;
  /** Aborted to stop early. */
  signal?: AbortSignal | undefined;
}

/**
 * Checks that the file of every kept image exists and records its size and modification time. Images whose file is
 * missing, empty, or outside the data directory (through a link) are excluded and logged in `index.drops`. Does nothing
 * when called again, or if the data set has no image files at all (an error in strict mode).
 *
 * @throws the operating system's error, with the path, if the lookup itself fails: a file that cannot be looked up is
 * not missing.
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
      // For a zip member, the checksum detects changes more reliably than a timestamp.
      images.modified[image] = location.kind === "zip" ? location.crc32 : found.info.mtime?.getTime() ?? 0;
    }
  }
  index.filesChecked = true;
}

interface Found {
  info: Deno.FileInfo;
  isInside: boolean;
}

/** Looks up paths. The last result is cached, because all members of an archive share one path. */
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

/** Error codes that mean the path does not lead to a file, as opposed to a failing disk. */
const ABSENT: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP", "EINVAL"]);

/**
 * The result, or `undefined` if the path does not lead to a file.
 *
 * @throws any other error (EIO, ESTALE, EACCES, ETIMEDOUT): a file on a failing disk is not missing, and a cache built
 * without it would have to be rebuilt.
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
