import { DataError } from "../../base/errors.ts";
import type { StudyIndex } from "./study_index.ts";

/**
 * Looks for every kept image's file, notes size and time, and leaves out (counted and named) those that are missing or
 * empty. Does nothing the second time, or where the data set has no image files at all (an error when strict).
 */
export function checkFiles(index: StudyIndex, options: { signal?: AbortSignal | undefined } = {}): void {
  if (index.filesChecked) return;
  const { images, source } = index;
  if (!source.hasImages) {
    if (!index.drops.strict) return;
    throw new DataError("there are no image files, neither a folder `files` nor `files.zip`.", { file: index.root });
  }
  for (let image = 0; image < images.count; image++) {
    if ((image & 1023) === 0) options.signal?.throwIfAborted();
    if (source.generated !== undefined) continue;
    const location = source.locate(image);
    const info = location === undefined
      ? undefined
      : location.kind === "zip"
      ? { size: location.size, mtime: null, isFile: true }
      : statFile(location.path);
    if (info === undefined || !info.isFile) {
      const reason = { step: "files", reason: "image file is missing", unit: "image", fault: true } as const;
      index.dropImage(image, reason, source.name(image));
    } else if (info.size === 0) {
      const reason = { step: "files", reason: "image file is empty", unit: "image", fault: true } as const;
      index.dropImage(image, reason, source.name(image));
    } else {
      images.bytes[image] = info.size;
      // A member's checksum tells a change better than a time.
      images.modified[image] = location?.kind === "zip" ? location.crc32 : info.mtime?.getTime() ?? 0;
    }
  }
  index.filesChecked = true;
}

/** `undefined` for whatever keeps a path from being a file: none there, no permission, a name too long, links in a circle. */
function statFile(path: string): { size: number; mtime: Date | null; isFile: boolean } | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code !== "string" || ["EMFILE", "ENFILE", "ENOMEM"].includes(code)) throw error;
    return undefined;
  }
}
