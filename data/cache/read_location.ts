import { DataError, isSystemError } from "../../base/errors.ts";
import { openRegularSync, readRegular } from "../../base/regular_file.ts";
import { ImageError } from "../image/image_error.ts";
import type { ImageLocation } from "../image/image_source.ts";
import { readZipMember } from "../zip/read_member.ts";

/** Larger files are not radiographs: they are not read. */
export const MAX_FILE_BYTES = 256 * 2 ** 20;

/**
 * An image whose bytes could not be read. That says nothing about the image: a disk, a network or a permission failed, and the next
 * attempt may succeed.
 */
export class ReadError extends Error {
  override readonly name = "ReadError";
  /** True where the file, which was there when the task began, no longer is. */
  readonly isGone: boolean;

  constructor(message: string, options: { isGone?: boolean } = {}) {
    super(message);
    this.isGone = options.isGone ?? false;
  }
}

/** Reads image files from folders and zip archives. Keeps archives open. */
export class LocationReader implements Disposable {
  readonly #archives = new Map<string, Deno.FsFile>();

  /**
   * The bytes of an image file.
   *
   * @throws {ImageError} for a damaged zip member.
   * @throws {ReadError} where the file could not be read.
   */
  async read(location: ImageLocation): Promise<Uint8Array> {
    try {
      if (location.kind === "file") {
        return await readRegular(location.path, { maxBytes: MAX_FILE_BYTES, kind: "an image" });
      }
      return readZipMember(this.#archive(location.archive), location, { maxBytes: MAX_FILE_BYTES });
    } catch (error) {
      if (error instanceof ImageError || error instanceof ReadError) throw error;
      // A handle that has become stale stays so.
      if (location.kind === "zip") this.#close(location.archive);
      throw readError(error);
    }
  }

  [Symbol.dispose](): void {
    for (const path of [...this.#archives.keys()]) this.#close(path);
  }

  #archive(path: string): Deno.FsFile {
    let archive = this.#archives.get(path);
    if (archive === undefined) {
      archive = openRegularSync(path, { maxBytes: Infinity, kind: "a zip archive" }).file;
      this.#archives.set(path, archive);
    }
    return archive;
  }

  #close(path: string): void {
    this.#archives.get(path)?.close();
    this.#archives.delete(path);
  }
}

/** What the operating system says about one file; what concerns the whole process stays as it is. */
function readError(error: unknown): unknown {
  // Not a regular file, too large, or cut while it was read.
  if (error instanceof DataError) return new ReadError(error.message);
  if (!isSystemError(error) && !(error instanceof Deno.errors.NotFound)) return error;
  const code = (error as { code?: string }).code;
  if (code === "EMFILE" || code === "ENFILE" || code === "ENOMEM") return error;
  if (code === "ENOENT" || code === "ENOTDIR" || error instanceof Deno.errors.NotFound) {
    return new ReadError("the file is gone", { isGone: true });
  }
  if (code === "EACCES" || code === "EPERM") return new ReadError("permission to read the file is denied");
  return new ReadError(`the file cannot be read (${code ?? (error as Error).message})`);
}
