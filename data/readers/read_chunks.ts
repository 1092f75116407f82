/**
 * Reads files that may be gzipped.
 *
 * @module
 */
import { createGunzip, type Gunzip } from "node:zlib";
import { openRegular } from "../../base/regular_file.ts";

const CHUNK = 1 << 18;
/** Gzip inside gzip happens when a download is compressed again; deeper nesting is an attack. */
const MAX_LAYERS = 3;

/**
 * A file's bytes in chunks, decompressed if they begin with gzip's signature, regardless of the file name. Multi-member
 * gzip files (as written by bgzip) and doubly gzipped files are supported.
 */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array, void, void> {
  using opened = await openRegular(path, { maxBytes: Infinity, kind: "a table" });
  yield* decompressed(fileChunks(opened.file), MAX_LAYERS);
}

async function* fileChunks(file: Deno.FsFile): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const buffer = new Uint8Array(CHUNK);
    const length = await file.read(buffer);
    if (length === null) return;
    if (length > 0) yield buffer.subarray(0, length);
  }
}

async function* decompressed(
  source: AsyncGenerator<Uint8Array, void, void>,
  layers: number,
): AsyncGenerator<Uint8Array, void, void> {
  const { head, rest } = await peek(source);
  const isGzip = head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b;
  if (isGzip && layers > 0) yield* decompressed(gunzipped(rest), layers - 1);
  else yield* rest;
}

/** Peeks at the first bytes of a source (at least two if available), and returns them with the full stream. */
async function peek(
  source: AsyncGenerator<Uint8Array, void, void>,
): Promise<{ head: Uint8Array; rest: AsyncGenerator<Uint8Array, void, void> }> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < 2) {
    const { done, value } = await source.next();
    if (done) break;
    head = concatenate(head, value);
  }
  async function* all(): AsyncGenerator<Uint8Array, void, void> {
    if (head.length > 0) yield head;
    yield* source;
  }
  return { head, rest: all() };
}

/** Concatenates two byte arrays. */
export function concatenate(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Uses node:zlib, because DecompressionStream rejects multi-member files. */
async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const gunzip = createGunzip({ chunkSize: CHUNK });
  const fed = feed(gunzip, source);
  try {
    for await (const chunk of gunzip) yield chunk;
  } finally {
    gunzip.destroy();
    // Wait for pending reads before the file is closed.
    await fed;
  }
}

async function feed(gunzip: Gunzip, source: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of source) {
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
