import { DataError } from "../../base/errors.ts";
import { openRegularSync, readRegular } from "../../base/regular_file.ts";
import { ImageError } from "../image/image_header.ts";
import type { ImageLocation } from "../image/image_source.ts";
import { readZipMember } from "../zip/read_member.ts";

/** Files with more bytes are no radiographs: they are refused before they are read. */
export const MAX_FILE_BYTES = 256 * 2 ** 20;

/** Reads image files from folders and zip archives. Keeps archives open. */
export class LocationReader implements Disposable {
  readonly #archives = new Map<string, Deno.FsFile>();

  /**
   * The bytes of an image file.
   *
   * @throws {ImageError} for a missing, unreadable, damaged or too large file.
   */
  async read(location: ImageLocation): Promise<Uint8Array> {
    try {
      if (location.kind === "zip") {
        return await readZipMember(this.#archive(location.archive), location, { maxBytes: MAX_FILE_BYTES });
      }
      return await readRegular(location.path, { maxBytes: MAX_FILE_BYTES, kind: "an image" });
    } catch (error) {
      throw readError(error);
    }
  }

  [Symbol.dispose](): void {
    for (const archive of this.#archives.values()) archive.close();
    this.#archives.clear();
  }

  #archive(path: string): Deno.FsFile {
    let archive = this.#archives.get(path);
    if (archive === undefined) {
      archive = openRegularSync(path, { maxBytes: Infinity, kind: "a zip archive" }).file;
      this.#archives.set(path, archive);
    }
    return archive;
  }
}

/** What the operating system says of one file, as a fault of that file; what concerns the whole process stays as it is. */
function readError(error: unknown): unknown {
  if (error instanceof DataError) return new ImageError(error.message);
  const code = (error as { code?: unknown }).code;
  if (typeof code !== "string" || ["EMFILE", "ENFILE", "ENOMEM"].includes(code)) return error;
  if (code === "ENOENT" || code === "ENOTDIR") return new ImageError("the file is missing");
  if (code === "EACCES" || code === "EPERM") return new ImageError("the file cannot be read: permission denied");
  if (code === "EISDIR") return new ImageError("this is a directory, not a file");
  return new ImageError(`the file cannot be read (${code})`);
}
