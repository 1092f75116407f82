/**
 * How every file of a run, a cache or a configuration is opened. Such a file may come from somewhere else, and its name
 * may belong to a pipe that never delivers, a device without end, a sparse file larger than memory, or a link.
 *
 * - Only regular files are opened, and only up to the size that files of their kind can have.
 * - Reading follows links, because folders and files on another disk are common.
 * - Writing to an existing file never follows a link: it would change a file outside the folder. New content is written
 *   by `atomic_file.ts`, whose rename replaces a link.
 *
 * @module
 */
import { readExactly } from "./atomic_file.ts";
import { DataError, nameFile } from "./errors.ts";

/** What a file can be at most. */
export interface FileKind {
  /** Bytes that a file of this kind can have at most. */
  readonly maxBytes: number;
  /** Names the kind in errors, with its article: `a configuration`. */
  readonly kind: string;
}

/** A regular file that is open. The size is that at opening. */
export interface OpenedFile extends Disposable {
  readonly file: Deno.FsFile;
  readonly size: number;
}

/**
 * Opens a regular file for reading.
 *
 * @throws {DataError} if the path is not a regular file, or the file is larger than its kind can be.
 * @throws {Deno.errors} whatever the file system reports, `NotFound` for example.
 */
export async function openRegular(path: string, kind: FileKind): Promise<OpenedFile> {
  try {
    // Before opening: to open a pipe waits for its other end.
    requireKind(await Deno.stat(path), path, kind);
    return checked(await Deno.open(path, { read: true }), path, kind);
  } catch (error) {
    throw nameFile(error, path);
  }
}

/** {@link openRegular} for synchronous code. */
export function openRegularSync(path: string, kind: FileKind): OpenedFile {
  try {
    requireKind(Deno.statSync(path), path, kind);
    return checked(Deno.openSync(path, { read: true }), path, kind);
  } catch (error) {
    throw nameFile(error, path);
  }
}

/**
 * Reads a whole regular file.
 *
 * @throws {DataError | Deno.errors} as {@link openRegular} does.
 */
export async function readRegular(path: string, kind: FileKind): Promise<Uint8Array<ArrayBuffer>> {
  using opened = await openRegular(path, kind);
  return contentOf(opened, path);
}

/** {@link readRegular} for synchronous code. */
export function readRegularSync(path: string, kind: FileKind): Uint8Array<ArrayBuffer> {
  using opened = openRegularSync(path, kind);
  return contentOf(opened, path);
}

/** {@link readRegular} as text; bytes that are not UTF-8 become U+FFFD. */
export async function readRegularText(path: string, kind: FileKind): Promise<string> {
  return new TextDecoder().decode(await readRegular(path, kind));
}

/** {@link readRegularText} for synchronous code. */
export function readRegularTextSync(path: string, kind: FileKind): string {
  return new TextDecoder().decode(readRegularSync(path, kind));
}

/**
 * Opens a file to be read and written in place, or with `append` to be extended. It is created if there is none.
 *
 * @throws {DataError} if the path is a link or anything else than a regular file; nothing was changed then.
 * @throws {Deno.errors} whatever the file system reports.
 */
export function openForUpdateSync(path: string, options: { append?: boolean } = {}): Deno.FsFile {
  try {
    return openOwn(path, options);
  } catch (error) {
    throw nameFile(error, path);
  }
}

function openOwn(path: string, { append = false }: { append?: boolean }): Deno.FsFile {
  const mode = append ? { append } : { read: true, write: true };
  for (;;) {
    const found = lstatIfPresent(path);
    if (found !== undefined) {
      if (!found.isFile) throw notRegular(path, found);
      const file = openIfPresent(path, mode);
      // Between the two calls the name may have been given to another file, a link included.
      if (file !== undefined && isSameFile(file.statSync(), found)) return file;
      file?.close();
      continue;
    }
    try {
      return Deno.openSync(path, { ...mode, createNew: true });
    } catch (error) {
      // Another process was faster.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

function lstatIfPresent(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function openIfPresent(path: string, options: Deno.OpenOptions): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path, options);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function isSameFile(a: Deno.FileInfo, b: Deno.FileInfo): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

function checked(file: Deno.FsFile, path: string, kind: FileKind): OpenedFile {
  try {
    const info = file.statSync();
    requireKind(info, path, kind);
    return { file, size: info.size, [Symbol.dispose]: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

function contentOf({ file, size }: OpenedFile, path: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  try {
    // A file that was cut meanwhile has fewer bytes than it had.
    if (!readExactly(file, bytes, 0)) throw new DataError("the file became shorter while it was read", { file: path });
  } catch (error) {
    throw nameFile(error, path);
  }
  return bytes;
}

function requireKind(info: Deno.FileInfo, path: string, { maxBytes, kind }: FileKind): void {
  if (info.isDirectory) {
    throw new DataError(`this is a folder, not ${kind}`, { file: path });
  }
  if (!info.isFile) throw notRegular(path, info);
  if (info.size > maxBytes) {
    throw new DataError(`the file has ${info.size} bytes, but ${kind} has at most ${maxBytes}`, { file: path });
  }
}

function notRegular(path: string, info: Deno.FileInfo): DataError {
  return new DataError(`this is ${describeType(info)}, not a regular file; remove it`, { file: path });
}

function describeType(info: Deno.FileInfo): string {
  if (info.isSymlink) return "a link";
  if (info.isDirectory) return "a folder";
  if (info.isFifo) return "a named pipe";
  if (info.isSocket) return "a socket";
  return "a device";
}
