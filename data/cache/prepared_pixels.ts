/**
 * Random access to the cache of prepared pixels.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { CacheManifest } from "./manifest.ts";
import { IMAGE_STATUS, Shard } from "./shard.ts";

/** Pixel files kept open at a time. */
const MAX_OPEN = 64;

/** Changes an image in place, the same way every time. */
export type ImageAlteration = (image: number, pixels: Uint8Array) => void;

/**
 * The prepared pixels of a data set at one size, on disk, by image number. Every read verifies a checksum. Keeps a
 * bounded number of files open and no pixels in memory.
 */
export class PreparedPixels {
  /** Folder of the cache. */
  readonly directory: string;
  /** What the cache was prepared from. */
  readonly manifest: CacheManifest;
  /** What is done to each image after it was read; nothing by default. */
  readonly alteration: ImageAlteration | undefined;
  /** Pixels of further images, numbered after these; none by default. */
  readonly next: PreparedPixels | undefined;
  readonly #shards: Shard[];
  readonly #open: Set<Shard>;

  private constructor(
    directory: string,
    manifest: CacheManifest,
    options: { shards: Shard[]; open?: Set<Shard>; alteration?: ImageAlteration; next?: PreparedPixels },
  ) {
    this.directory = directory;
    this.manifest = manifest;
    this.alteration = options.alteration;
    this.next = options.next;
    this.#shards = options.shards;
    this.#open = options.open ?? new Set();
  }

  /**
   * Opens a cache whose manifest is known.
   *
   * @param options.ignoreDamaged treat a shard index that belongs to another cache as missing, default false
   */
  static withShards(
    directory: string,
    manifest: CacheManifest,
    options: { ignoreDamaged?: boolean } = {},
  ): PreparedPixels {
    const count = Math.ceil(manifest.images / manifest.imagesPerShard);
    const shards = Array.from(
      { length: count },
      (_, number) => Shard.open(directory, { manifest, number, ...options }),
    );
    return new PreparedPixels(directory, manifest, { shards });
  }

  /** The same pixels with every image changed after it is read; both share their open files. */
  altered(alteration: ImageAlteration): PreparedPixels {
    const { directory, manifest, next } = this;
    const options = { shards: this.#shards, open: this.#open, alteration };
    return new PreparedPixels(directory, manifest, next === undefined ? options : { ...options, next });
  }

  /**
   * These pixels, and those of another cache as further images: image `manifest.images + i` is the other's image i.
   * They share their open files, and the other's alteration is not applied.
   *
   * @throws {RangeError} if the sizes differ, or these are followed by others already.
   */
  followedBy(next: PreparedPixels): PreparedPixels {
    if (next.imageSize !== this.imageSize || this.next !== undefined) {
      throw new RangeError(
        `images of ${next.imageSize} pixels cannot follow ${this.next ? "two caches" : `those of ${this.imageSize}`}`,
      );
    }
    const { directory, manifest, alteration } = this;
    const options = { shards: this.#shards, open: this.#open, next };
    return new PreparedPixels(directory, manifest, alteration === undefined ? options : { ...options, alteration });
  }

  /** Side of the images in pixels. */
  get imageSize(): number {
    return this.manifest.imageSize;
  }

  /** Bytes of one image: `imageSize^2`. */
  get bytesPerImage(): number {
    return this.manifest.imageSize ** 2;
  }

  /** True if the image has been prepared. */
  isReady(image: number): boolean {
    return this.#status(image) === IMAGE_STATUS.ready;
  }

  /** True if the image is known to be unusable. */
  isBad(image: number): boolean {
    return this.#status(image) === IMAGE_STATUS.bad;
  }

  /** The notes recorded when the image was prepared: bits of `IMAGE_NOTES`. */
  notes(image: number): number {
    const { shard, slot } = this.locate(image);
    return shard.notes[slot]!;
  }

  /**
   * The pixels of an image, rows from the top, written to `out` if given (`bytesPerImage` bytes).
   *
   * @throws {DataError} if the image was not prepared or its data on disk are damaged.
   */
  read(image: number, out: Uint8Array = new Uint8Array(this.bytesPerImage)): Uint8Array {
    const { shard, slot } = this.locate(image);
    if (shard.status[slot] !== IMAGE_STATUS.ready) {
      throw new DataError(`image ${image} was not prepared; run \`deno task prepare\``, { file: this.directory });
    }
    if (!this.tryRead(image, out)) {
      throw new DataError(
        `the pixels of image ${image} are damaged; run \`deno task prepare --verify\` to make them again`,
        { file: shard.path },
      );
    }
    this.alteration?.(image, out);
    return out;
  }

  /** Like {@linkcode read}, but without alterations, and returns false if the data are damaged. */
  tryRead(image: number, out: Uint8Array): boolean {
    const { shard, slot } = this.locate(image);
    this.use(shard);
    return shard.read(slot, out);
  }

  /** The recorded CRC-32 of an image's pixels. */
  sum(image: number): number {
    const { shard, slot } = this.locate(image);
    return shard.sum(slot);
  }

  /** The shard and slot of an image. */
  locate(image: number): { shard: Shard; slot: number } {
    const { imagesPerShard, images } = this.manifest;
    if (this.next !== undefined && image >= images) return this.next.locate(image - images);
    const shard = this.#shards[Math.floor(image / imagesPerShard)];
    if (shard === undefined || image < 0) {
      throw new RangeError(`image ${image} is not in 0 to ${this.manifest.images - 1}`);
    }
    return { shard, slot: image % imagesPerShard };
  }

  /** Marks a shard as most recently used, and closes the least recently used one if too many are open. */
  use(shard: Shard): void {
    this.#open.delete(shard);
    this.#open.add(shard);
    if (this.#open.size <= MAX_OPEN) return;
    const [oldest] = this.#open;
    this.#open.delete(oldest!);
    oldest!.flush();
    oldest!.close();
  }

  /** Flushes all written data to disk. */
  flush(): void {
    for (const shard of this.#open) shard.flush();
  }

  /** Closes all files. Reading opens them again. */
  close(): void {
    for (const shard of this.#open) shard.close();
    this.#open.clear();
  }

  /** Frees what this holds. */
  [Symbol.dispose](): void {
    this.close();
  }

  #status(image: number): number {
    const { shard, slot } = this.locate(image);
    return shard.status[slot]!;
  }
}
