/**
 * The manifest that identifies a cache of prepared pixels and the settings it was built with.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import { readRegularTextSync } from "../../base/regular_file.ts";
import { PREPROCESSING_VERSION } from "../image/preprocess.ts";
import type { StudyIndex } from "../index/study_index.ts";
import { writeFileAtomicSync } from "../../base/atomic_file.ts";

/** Version of the cache's files. */
const CACHE_VERSION = 2;
/** Maximum size of a shard's pixels in bytes. */
const SHARD_BYTES = 256 * 2 ** 20;

/** A manifest has a few hundred bytes. */
const MANIFEST = { maxBytes: 2 ** 16, kind: "a manifest of prepared pixels" };

/** The source and settings of a cache: `manifest.json` in its directory. */
export interface CacheManifest {
  /** Kind of the file. */
  format: "mmvm-prepared-pixels";
  /** Version of the cache's files. */
  version: number;
  /** Hash of the settings and the source; used as the name of the cache directory. */
  key: string;
  /** Kind of data set. */
  dataset: string;
  /** Side of the square images in pixels. */
  imageSize: number;
  /** Number of images in the data set. */
  images: number;
  /** Number of images in each file. */
  imagesPerShard: number;
  /** How images are prepared. */
  preprocessing: string;
  /** Version of that preparation. */
  preprocessingVersion: number;
  /** The window of DICOM images; absent for the full range. */
  window?: string;
  /** How files are decoded; absent for exactly. */
  decode?: "fast";
  /** What fast decoding changes, measured when the cache was begun; no part of its key. */
  decodeDifference?: DecodeDifference;
}

/** How far images of fast decoding are from those of exact decoding. */
export interface DecodeDifference {
  /** Mean absolute difference of prepared pixels, in grey levels of 255. */
  greyLevels: number;
  /** Number of images that it was measured on. */
  images: number;
  /** What images they were. */
  measuredOn: string;
}

const manifestSchema: z.ZodType<CacheManifest> = z.object({
  format: z.literal("mmvm-prepared-pixels"),
  version: z.literal(CACHE_VERSION),
  key: z.string(),
  dataset: z.string(),
  imageSize: z.int().positive(),
  images: z.int().nonnegative(),
  imagesPerShard: z.int().positive(),
  preprocessing: z.string(),
  preprocessingVersion: z.int(),
  window: z.string().exactOptional(),
  decode: z.literal("fast").exactOptional(),
  decodeDifference: z.object({ greyLevels: z.number(), images: z.int(), measuredOn: z.string() }).exactOptional(),
});

/**
 * The manifest of the cache that belongs to an index and an image size. Any change to the settings, the list of images,
 * or a file's size or modification time results in a different key and directory, so a stale cache is never used.
 */
export function manifestFor(index: StudyIndex, imageSize: number): CacheManifest {
  const settings = {
    format: "mmvm-prepared-pixels",
    version: CACHE_VERSION,
    dataset: index.dataset,
    imageSize,
    images: index.images.count,
    imagesPerShard: Math.max(1, Math.min(index.images.count, Math.floor(SHARD_BYTES / (imageSize * imageSize)))),
    preprocessing: index.source.preprocessing,
    preprocessingVersion: PREPROCESSING_VERSION,
    ...(index.window === "full" ? {} : { window: index.window }),
    ...(index.decode === "exact" ? {} : { decode: index.decode }),
  } as const;
  const hash = createHash("sha256");
  hash.update(JSON.stringify(settings));
  hash.update(index.source.generated?.fingerprint ?? "");
  hashColumn(hash, index.images.count, (image) => index.source.name(image));
  hash.update(new Uint8Array(index.images.bytes.buffer));
  hash.update(new Uint8Array(index.images.modified.buffer));
  return { ...settings, key: hash.digest("hex").slice(0, 32) };
}

function hashColumn(hash: { update(text: string): unknown }, count: number, textOf: (i: number) => string): void {
  let chunk: string[] = [];
  for (let i = 0; i < count; i++) {
    chunk.push(textOf(i));
    if (chunk.length < 1024 && i + 1 < count) continue;
    hash.update(chunk.join("\n") + "\n");
    chunk = [];
  }
}

/** The directory of a cache under the cache root. */
export function cacheDirectory(cacheRoot: string, manifest: CacheManifest): string {
  return join(cacheRoot, `${manifest.dataset}-${manifest.imageSize}px-${manifest.key.slice(0, 16)}`);
}

/** Where the cache of an index and an image size is, and the number of its shards, by which it can be divided. */
export function locateCache(
  index: StudyIndex,
  options: { cacheDir: string; imageSize: number },
): { directory: string; shards: number } {
  const manifest = manifestFor(index, options.imageSize);
  return {
    directory: cacheDirectory(options.cacheDir, manifest),
    shards: Math.ceil(manifest.images / manifest.imagesPerShard),
  };
}

/**
 * Ensures that a cache has the expected manifest. Writes it if it is missing, or if it differs and `verify` is set;
 * with what `measureDecode` finds, if given.
 *
 * @throws {DataError} naming the first field that differs.
 */
export async function settleManifest(
  directory: string,
  options: {
    expected: CacheManifest;
    verify: boolean;
    measureDecode?: (imageSize: number) => Promise<DecodeDifference>;
  },
): Promise<void> {
  const { expected, verify, measureDecode } = options;
  let found: CacheManifest | undefined;
  try {
    found = readManifest(directory);
  } catch (error) {
    if (!verify || !(error instanceof DataError)) throw error;
  }
  const differing = found === undefined
    ? undefined
    : (Object.keys(expected) as (keyof CacheManifest)[]).find((field) => found[field] !== expected[field]);
  if (found !== undefined && differing === undefined) return;
  if (differing !== undefined && !verify) {
    throw new DataError(
      `the manifest gives ${differing} as ${JSON.stringify(found![differing])}, but this cache has ` +
        `${
          JSON.stringify(expected[differing])
        }; run \`deno task prepare --verify\` to write it anew and check the pixels`,
      { file: join(directory, "manifest.json") },
    );
  }
  const measured = await measureDecode?.(expected.imageSize);
  writeManifest(directory, { ...expected, ...(measured === undefined ? {} : { decodeDifference: measured }) });
}

function writeManifest(directory: string, manifest: CacheManifest): void {
  writeFileAtomicSync(join(directory, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
}

/** Reads the manifest; `undefined` if there is none. */
function readManifest(directory: string): CacheManifest | undefined {
  const file = join(directory, "manifest.json");
  let text: string;
  try {
    text = readRegularTextSync(file, MANIFEST);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const parsed = manifestSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new DataError(
      "this is not a manifest of prepared pixels, or another version's; run `deno task prepare --verify`, or remove its folder",
      { file },
    );
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
