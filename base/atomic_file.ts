/** Writes a file so that after a crash at any moment there is either the old content or the new, never a part. */
export function writeFileAtomic(path: string, content: Uint8Array | string): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const temporary = `${path}.tmp-${Deno.pid}`;
  try {
    using file = Deno.openSync(temporary, { write: true, create: true, truncate: true });
    writeAll(file, bytes);
    file.syncSync();
  } catch (error) {
    removeIfThere(temporary);
    throw error;
  }
  Deno.renameSync(temporary, path);
}

/** Writes all bytes at the file's position; one `writeSync` may write fewer. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
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

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
