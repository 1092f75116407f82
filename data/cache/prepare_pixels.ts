/**
 * Builds the cache of prepared pixels; resumes after an interruption.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { join } from "node:path";
import { checkFiles } from "../index/check_files.ts";
import { dropUndecodable, UnreadImages } from "./check_images.ts";
import { removeTemporaryFiles } from "../../base/atomic_file.ts";
import { DataError, nameFile } from "../../base/errors.ts";
import { MAX_PIXELS } from "../image/decode_image.ts";
import { countLevels } from "../image/decoded_image.ts";
import { preprocess } from "../image/preprocess.ts";
import { pairStudies } from "../index/pairs.ts";
import type { StudyIndex } from "../index/study_index.ts";
import { lockCache } from "./cache_lock.ts";
import { type CachePart, checkPart, isFileOfPart, mergeParts, partFile } from "./cache_parts.ts";
import { decodeAll, type DecodeResult, type DecodeTask } from "./decode_pool.ts";
import { defaultImageMemory } from "./image_memory.ts";
import { noteImages, notesOfLevels } from "./image_notes.ts";
import { cacheDirectory, type DecodeDifference, manifestFor, settleManifest } from "./manifest.ts";
import { PreparedPixels } from "./prepared_pixels.ts";
import { SkippedLog } from "./skipped_log.ts";

/** Interval in milliseconds at which progress is flushed to disk. */
const FLUSH_INTERVAL = 2000;
const DECODE_TIMEOUT = 120_000;

/** The work to be done, reported before it starts. */
export interface PreparePlan {
  /** Folder of the cache. */
  directory: string;
  /** Number of images requested. */
  images: number;
  /** Number of images that are not prepared yet. */
  missing: number;
  /** Bytes to be written. */
  bytesNeeded: number;
  /** Free disk space in bytes; `undefined` if unknown. */
  bytesFree: number | undefined;
}

/** Progress of the preparation. */
export interface PrepareProgress {
  /** Number of images processed by this call, bad ones among them. */
  done: number;
  /** Number of images that this call processes. */
  total: number;
  /** Number of images that could not be read. */
  skipped: number;
  /** Speed so far. */
  imagesPerSecond: number;
  /** Estimated time left in seconds. */
  secondsLeft: number;
}

/** Options of {@linkcode preparePixels}. */
export interface PrepareOptions {
  /** Directory of all caches. */
  cacheDir: string;
  /** Side of the prepared images in pixels, 1 to 4096. */
  imageSize: number;
  /** Number of decode workers, default one per core. */
  workers?: number;
  /** Images to prepare, default those used by the index's pair policy. */
  images?: Iterable<number>;
  /**
   * Prepare only this part's shards, while other processes prepare the other parts in the same folder; all by default.
   * A call without it merges the parts.
   */
  part?: CachePart;
  /** Verify all prepared images and retry damaged and bad ones, default false. */
  verify?: boolean;
  /** Reject images with more pixels, default 64 million. */
  maxPixels?: number;
  /** Memory budget for decoding over all workers, in bytes; default a quarter of the machine's memory. */
  imageMemory?: number;
  /** Time limit per image in milliseconds, default two minutes. */
  timeout?: number;
  /**
   * Measures how far fast decoding is from exact decoding at an image size. Called if a cache of fast decoding is
   * begun, whose manifest says what it returns; without it, nothing.
   */
  measureDecode?: (imageSize: number) => Promise<DecodeDifference>;
  /** Called once if this call has to wait for another process that is preparing the same cache. */
  onWait?: () => void;
  /** Called once before images are decoded. */
  onPlan?: (plan: PreparePlan) => void;
  /** Called with the progress. */
  onProgress?: (progress: PrepareProgress) => void;
  /** Aborted to stop; prepared images are kept. */
  signal?: AbortSignal;
}

/**
 * Decodes, crops, resizes and equalises the images once and stores them on disk. After an interruption, the next call
 * resumes where it stopped. Images that cannot be decoded are excluded from the index permanently and listed with the
 * reason in the cache's `skipped.jsonl`; images that could not be read are excluded for now and retried by the next
 * call. Form pairs after this call. If another process is preparing the same cache, waits for it.
 *
 * @throws {DataError} if there are no image files, the disk is full, the data folder disappears or fails while the task
 * runs, the manifest differs, the cache is being prepared in another number of parts or (in strict mode) an image is
 * bad.
 * @throws {RangeError} if the image size or the part does not exist, or a part is to be verified.
 */
export async function preparePixels(index: StudyIndex, options: PrepareOptions): Promise<PreparedPixels> {
  const { imageSize } = options;
  if (!Number.isInteger(imageSize) || imageSize < 1 || imageSize > 4096) {
    throw new RangeError(`the image size must be an integer from 1 to 4096, not ${imageSize}`);
  }
  const { part, verify = false } = options;
  if (part !== undefined) checkPart(part);
  if (part !== undefined && verify) throw new RangeError("only the whole cache can be verified, not a part");
  const images = options.images === undefined ? undefined : [...options.images];
  if (!index.source.hasImages && images?.length !== 0) {
    throw new DataError("there are no image files, neither a folder `files` nor `files.zip`", { file: index.root });
  }
  if (images?.length !== 0) checkFiles(index, { signal: options.signal });
  const manifest = manifestFor(index, imageSize);
  const directory = cacheDirectory(options.cacheDir, manifest);
  try {
    Deno.mkdirSync(directory, { recursive: true });
    using lock = await lockCache(directory, options);
    void lock;
    await removeTemporaryFiles(directory, ({ name }) => part === undefined || isFileOfPart(name, part));
    if (part === undefined) await mergeParts(directory);
    await settleManifest(directory, {
      expected: manifest,
      verify,
      ...(manifest.decode === "fast" && options.measureDecode !== undefined
        ? { measureDecode: options.measureDecode }
        : {}),
    });
    const prepared = PreparedPixels.withShards(directory, manifest, { ignoreDamaged: verify });
    await new Preparation(index, prepared, images === undefined ? options : { ...options, images }).run();
    return prepared;
  } catch (error) {
    throw diskError(error, directory);
  }
}

/** One call of {@linkcode preparePixels}. */
class Preparation {
  readonly #index: StudyIndex;
  readonly #prepared: PreparedPixels;
  readonly #options: PrepareOptions;
  readonly #log: SkippedLog;
  readonly #progress: PrepareProgress;
  readonly #unread: UnreadImages;
  #started = performance.now();
  #flushed = performance.now();

  constructor(index: StudyIndex, prepared: PreparedPixels, options: PrepareOptions) {
    this.#index = index;
    this.#prepared = prepared;
    this.#options = options;
    const { directory } = prepared;
    const { part } = options;
    const log = join(directory, "skipped.jsonl");
    this.#log = part === undefined
      ? SkippedLog.open(log)
      : SkippedLog.open(join(directory, partFile(part, "skipped.jsonl")), { earlier: log });
    this.#unread = new UnreadImages(index);
    this.#progress = { done: 0, total: 0, skipped: 0, imagesPerSecond: 0, secondsLeft: 0 };
  }

  async run(): Promise<void> {
    const { part } = this.#options;
    const { imagesPerShard } = this.#prepared.manifest;
    const wanted = [...(this.#options.images ?? imagesOfPairs(this.#index))]
      .filter((image) => part === undefined || Math.floor(image / imagesPerShard) % part.count === part.index);
    if (this.#options.verify ?? false) this.#forgetDamaged();
    const missing: number[] = [];
    for (const image of wanted) {
      if (this.#prepared.isBad(image)) dropUndecodable(this.#index, image, this.#log.reason(image));
      else if (!this.#prepared.isReady(image)) missing.push(image);
    }
    this.#announce(wanted.length, missing.length);
    this.#progress.total = missing.length;
    this.#started = performance.now();
    try {
      if (this.#index.source.generated !== undefined) this.#draw(missing);
      else await this.#decode(missing);
      this.#prepared.flush();
      this.#note(wanted);
    } catch (error) {
      this.#saveWhatIsDone();
      throw error;
    } finally {
      this.#log.close();
      this.#prepared.close();
    }
  }

  /** Called after an error, which must not be masked by a subsequent one. */
  #saveWhatIsDone(): void {
    try {
      this.#prepared.flush();
    } catch {
      // On a full disk this fails too: images since the last flush will be prepared again.
    }
  }

  #announce(images: number, missing: number): void {
    const { directory, bytesPerImage } = this.#prepared;
    const plan = { directory, images, missing, bytesNeeded: missing * bytesPerImage, bytesFree: freeBytes(directory) };
    this.#options.onPlan?.(plan);
    if (plan.bytesFree !== undefined && plan.bytesNeeded > plan.bytesFree) {
      throw new DataError(
        `${plan.bytesNeeded} bytes are needed for ${missing} images and ${plan.bytesFree} are free; ` +
          "make room, or choose another cache directory or a smaller image size",
        { file: directory },
      );
    }
  }

  async #decode(missing: readonly number[]): Promise<void> {
    if (missing.length === 0) return;
    const workers = Math.min(missing.length, this.#options.workers ?? navigator.hardwareConcurrency);
    await decodeAll(this.#tasks(missing), {
      workers: Math.max(1, workers),
      size: this.#prepared.imageSize,
      preprocessing: this.#index.source.preprocessing,
      window: this.#index.window,
      decode: this.#index.decode,
      maxPixels: this.#options.maxPixels ?? MAX_PIXELS,
      imageMemory: this.#options.imageMemory ?? defaultImageMemory(),
      timeout: this.#options.timeout ?? DECODE_TIMEOUT,
      signal: this.#options.signal,
      onResult: (result) => this.#accept(result),
    });
  }

  *#tasks(missing: readonly number[]): Generator<DecodeTask, void> {
    for (const image of missing) {
      const location = this.#index.source.locate(image);
      const name = this.#index.source.name(image);
      if (location === undefined) this.#accept({ image, unread: "the file is missing" });
      else yield { image, name, location };
    }
  }

  #draw(missing: readonly number[]): void {
    const { generated, preprocessing } = this.#index.source;
    for (const image of missing) {
      this.#options.signal?.throwIfAborted();
      const drawn = generated!.draw(image);
      const pixels = preprocess(drawn, { size: this.#prepared.imageSize, preprocessing });
      this.#accept({ image, pixels, notes: notesOfLevels(countLevels(drawn.samples)) });
    }
  }

  #accept(result: DecodeResult): void {
    if (this.#unread.leaveOut(result)) {
      this.#progress.skipped++;
    } else if ("pixels" in result) {
      const { shard, slot } = this.#locate(result.image);
      shard.write(slot, result.pixels, result.notes);
    } else if ("bad" in result) {
      const { shard, slot } = this.#locate(result.image);
      this.#log.add({ image: result.image, name: this.#index.source.name(result.image), reason: result.bad });
      shard.markBad(slot);
      this.#progress.skipped++;
      dropUndecodable(this.#index, result.image, result.bad);
    }
    this.#advance();
  }

  #locate(image: number): ReturnType<PreparedPixels["locate"]> {
    const place = this.#prepared.locate(image);
    this.#prepared.use(place.shard);
    return place;
  }

  #note(wanted: readonly number[]): void {
    const ready = wanted.filter((image) => this.#prepared.isReady(image));
    noteImages(this.#index, new Map(ready.map((image) => [image, this.#prepared.notes(image)])));
  }

  #advance(): void {
    const progress = this.#progress;
    const now = performance.now();
    progress.done++;
    progress.imagesPerSecond = progress.done / Math.max(1e-3, (now - this.#started) / 1000);
    progress.secondsLeft = (progress.total - progress.done) / progress.imagesPerSecond;
    if (now - this.#flushed > FLUSH_INTERVAL) {
      this.#prepared.flush();
      this.#flushed = now;
    }
    this.#options.onProgress?.({ ...progress });
  }

  /** Verifies the checksum of every prepared image; marks mismatches and bad images to be prepared again. */
  #forgetDamaged(): void {
    const buffer = new Uint8Array(this.#prepared.bytesPerImage);
    for (let image = 0; image < this.#index.images.count; image++) {
      this.#options.signal?.throwIfAborted();
      const { shard, slot } = this.#prepared.locate(image);
      const isBad = this.#prepared.isBad(image);
      if (!isBad && (!this.#prepared.isReady(image) || this.#prepared.tryRead(image, buffer))) continue;
      shard.forget(slot);
      if (isBad) this.#log.forget(image);
    }
    this.#prepared.flush();
    this.#prepared.close();
  }
}

/** The images that the index's pairs use, ascending. */
export function imagesOfPairs(index: StudyIndex): Int32Array {
  const used = new Uint8Array(index.images.count);
  for (const image of pairStudies(index).images) if (image >= 0) used[image] = 1;
  const images: number[] = [];
  used.forEach((flag, image) => {
    if (flag === 1) images.push(image);
  });
  return Int32Array.from(images);
}

function freeBytes(directory: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    // Not available on every system or with every permission set; a full disk then surfaces when writing.
    return undefined;
  }
}

/** Converts the error for a full or read-only disk to a DataError. Images already flushed stay usable. */
function diskError(error: unknown, directory: string): unknown {
  const code = (error as { code?: string } | undefined)?.code;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new DataError("the disk is full; what is done so far is kept: make room and run the command again", {
      file: directory,
    });
  }
  if (error instanceof Deno.errors.PermissionDenied || code === "EROFS") {
    return new DataError("the cache directory cannot be written; choose another one", { file: directory });
  }
  return nameFile(error, (error as { path?: string } | undefined)?.path ?? directory);
}
