/**
 * Reads the bytes of an image from a file or a zip archive.
 *
 * @module
 */
import { DataError, isSystemError } from "../../base/errors.ts";
import { openRegularSync, readRegular } from "../../base/regular_file.ts";
import { ImageError } from "../image/image_error.ts";
import type { ImageLocation } from "../image/image_source.ts";
import { readZipMember } from "../zip/read_member.ts";

/** Larger files are rejected: no radiograph is this big. */
export const MAX_FILE_BYTES = 256 * 2 ** 20;

/**
 * Thrown if a file could not be read. The image itself may be fine: a disk, network or permission failed, and the next
 * attempt may succeed.
 */
export class ReadError extends Error {
  override readonly name = "ReadError";
  /** True if the file existed when the task started and no longer does. */
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
   * @throws {ReadError} if the file could not be read.
   */
  async read(location: ImageLocation): Promise<Uint8Array> {
    try {
      if (location.kind === "file") {
        return await readRegular(location.path, { maxBytes: MAX_FILE_BYTES, kind: "an image" });
      }
      return readZipMember(this.#archive(location.archive), location, { maxBytes: MAX_FILE_BYTES });
    } catch (error) {
      if (error instanceof ImageError || error instanceof ReadError) throw error;
      // A stale handle stays stale.
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

/** Converts operating system errors about one file to ReadError; errors that concern the whole process pass through. */
function readError(error: unknown): unknown {
  // Not a regular file, too large, or truncated while it was read.
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
