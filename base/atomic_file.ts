/**
 * The one way to write a file that must survive a crash: after a kill or a power failure at any moment its path holds
 * the old content or the whole new content, never a part.
 *
 * The content goes to a new temporary name in the same folder, the file is synced and renamed, and the folder is
 * synced. The temporary name is always a new file (`O_EXCL`), and a rename replaces a link instead of following it, so
 * that nothing outside the folder can be written.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { nameFile } from "./errors.ts";

/** What a file is to hold; an iterable's pieces are written one after the other. */
export type FileContent = string | Uint8Array | Iterable<string | Uint8Array>;

/** What {@link writeFileAtomic} names a file until it is complete: `NAME.UUID.tmp`. */
const TEMPORARY = /^(.+)\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/s;

/**
 * Writes a file whole or not at all, and durably.
 *
 * @throws {Deno.errors} whatever the file system reports, with `path` naming the file and the path in the message. The
 * file that was there before is then unharmed, and no part of the new one is left.
 */
export async function writeFileAtomic(path: string, content: FileContent): Promise<void> {
  const temporary = temporaryName(path);
  try {
    {
      using file = await Deno.open(temporary, { write: true, createNew: true });
      for (const bytes of pieces(content)) {
        for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
      }
      await file.sync();
    }
    await Deno.rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    // On a full disk a partial file would keep the disk full.
    await Deno.remove(temporary).catch(() => {});
    throw nameFile(error, path);
  }
}

/** {@link writeFileAtomic} for synchronous code. */
export function writeFileAtomicSync(path: string, content: FileContent): void {
  const temporary = temporaryName(path);
  try {
    {
      using file = Deno.openSync(temporary, { write: true, createNew: true });
      for (const bytes of pieces(content)) writeAll(file, bytes);
      file.syncSync();
    }
    Deno.renameSync(temporary, path);
    syncFolderSync(dirname(path));
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch {
      // It was never created, or was renamed already.
    }
    throw nameFile(error, path);
  }
}

/**
 * Removes the temporary files that interrupted calls of {@link writeFileAtomic} left in a folder.
 *
 * @param isAbandoned Whether a temporary file can be removed: nobody is writing the file called `name` at present.
 */
export async function removeTemporaryFiles(
  folder: string,
  isAbandoned: (file: { name: string; path: string }) => boolean | Promise<boolean>,
): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    const name = TEMPORARY.exec(entry.name)?.[1];
    const path = join(folder, entry.name);
    if (name !== undefined && await isAbandoned({ name, path })) await removeIfPresent(path);
  }
}

/** Removes a file; nothing happens where there is none. */
export async function removeIfPresent(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Makes a folder and its parents, and makes the names of new ones durable. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    if (!(error instanceof Deno.errors.NotFound) || dirname(folder) === folder) throw nameFile(error, folder);
    await makeFolder(dirname(folder));
    return await makeFolder(folder);
  }
  await syncFolder(dirname(folder));
}

/** Makes what was written to an existing file durable. */
export async function syncFile(path: string): Promise<void> {
  try {
    using file = await Deno.open(path, { read: true });
    await file.sync();
  } catch (error) {
    throw nameFile(error, path);
  }
}

/** Writes all bytes at the file's position, or to a stream; a single `writeSync()` may write fewer. */
export function writeAll(file: Pick<Deno.FsFile, "writeSync">, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
}

/** Reads exactly `bytes.length` bytes at `offset`; false where the file is shorter. */
export function readExactly(file: Deno.FsFile, bytes: Uint8Array, offset: number): boolean {
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let read = 0; read < bytes.length;) {
    const count = file.readSync(bytes.subarray(read));
    if (count === null) return false;
    read += count;
  }
  return true;
}

/** A name that no other process or call chooses. */
function temporaryName(path: string): string {
  return join(dirname(path), `${basename(path)}.${crypto.randomUUID()}.tmp`);
}

function* pieces(content: FileContent): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const parts = typeof content === "string" || content instanceof Uint8Array ? [content] : content;
  for (const part of parts) yield typeof part === "string" ? encoder.encode(part) : part;
}

/** Makes the names in a folder durable. Windows cannot open folders and does not need it. */
async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using handle = await Deno.open(folder, { read: true });
  await handle.sync().catch(ignoreUnsupported);
}

function syncFolderSync(folder: string): void {
  if (Deno.build.os === "windows") return;
  using handle = Deno.openSync(folder, { read: true });
  try {
    handle.syncSync();
  } catch (error) {
    ignoreUnsupported(error);
  }
}

/** Some network file systems do not support the sync of a folder; every other failure is one. */
function ignoreUnsupported(error: unknown): void {
  if (!["EINVAL", "ENOTSUP"].includes((error as { code?: string }).code ?? "")) throw error;
}
