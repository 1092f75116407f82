import { createGunzip, type Gunzip } from "node:zlib";

const CHUNK = 1 << 18;

/** A file's bytes in chunks, decompressed where its name ends in `.gz` (also of several members, as bgzip writes). */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array, void, void> {
  using file = await Deno.open(path);
  if (path.endsWith(".gz")) yield* gunzipped(file);
  else yield* plain(file);
}

async function* plain(file: Deno.FsFile): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const buffer = new Uint8Array(CHUNK);
    const length = await file.read(buffer);
    if (length === null) return;
    yield buffer.subarray(0, length);
  }
}

/** node:zlib, because DecompressionStream refuses files of several members. */
async function* gunzipped(file: Deno.FsFile): AsyncGenerator<Uint8Array, void, void> {
  const gunzip = createGunzip({ chunkSize: CHUNK });
  const fed = feed(gunzip, file);
  try {
    for await (const chunk of gunzip) yield chunk;
  } finally {
    gunzip.destroy();
    // No read may be under way when the file is closed.
    await fed;
  }
}

async function feed(gunzip: Gunzip, file: Deno.FsFile): Promise<void> {
  try {
    for await (const chunk of plain(file)) {
      if (gunzip.destroyed) return;
      if (!gunzip.write(chunk)) await drained(gunzip);
    }
    if (!gunzip.destroyed) gunzip.end();
  } catch (error) {
    gunzip.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function drained(gunzip: Gunzip): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      gunzip.off("drain", done).off("close", done);
      resolve();
    };
    gunzip.on("drain", done).on("close", done);
  });
}
