/**
 * One shard of the pixel cache: fixed-size slots with an index of states and checksums.
 *
 * @module
 */
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { DataError } from "../../base/errors.ts";
import { openForUpdateSync, openRegularSync } from "../../base/regular_file.ts";
import { readExactly, writeAll, writeFileAtomicSync } from "../../base/atomic_file.ts";
import type { CacheManifest } from "./manifest.ts";

/** The state of an image in the cache. */
export const IMAGE_STATUS = { absent: 0, ready: 1, bad: 2 } as const;

const MAGIC = "MMVMIDX2";
/** Magic, then the cache's key (32 characters), then the number of images as uint32. */
const HEADER_BYTES = 8 + 32 + 4;
/** Status, notes and CRC-32 of one image. */
const SLOT_BYTES = 1 + 1 + 4;

/** Images are read by offset, never the whole file. */
const PIXELS = { maxBytes: Infinity, kind: "a shard of pixels" };
const INDEX = { maxBytes: Infinity, kind: "an index of a shard" };

/**
 * One shard of a cache: `shard-NNNNN.u8` has a fixed slot of `imageSize^2` bytes for each of its images, and
 * `shard-NNNNN.idx` holds their states and CRC-32 checksums, followed by its own CRC-32. The index is written
 * atomically (temporary file, then rename) and only after its pixels have been synced.
 */
export class Shard {
  /** {@linkcode IMAGE_STATUS} of each slot. */
  readonly status: Uint8Array;
  /** Bits of `IMAGE_NOTES` of each slot. */
  readonly notes: Uint8Array;
  readonly #sums: Uint32Array;
  readonly #pixelsPath: string;
  readonly #indexPath: string;
  readonly #key: string;
  readonly #bytes: number;
  #file: Deno.FsFile | undefined;
  #dirty = false;

  private constructor(directory: string, manifest: CacheManifest, number: number) {
    const first = number * manifest.imagesPerShard;
    const slots = Math.min(manifest.imagesPerShard, manifest.images - first);
    const name = join(directory, `shard-${String(number).padStart(5, "0")}`);
    this.status = new Uint8Array(slots);
    this.notes = new Uint8Array(slots);
    this.#sums = new Uint32Array(slots);
    this.#pixelsPath = `${name}.u8`;
    this.#indexPath = `${name}.idx`;
    this.#key = manifest.key;
    this.#bytes = manifest.imageSize ** 2;
  }

  /** Opens a shard. If its index is missing or damaged, the shard is empty. */
  static open(
    directory: string,
    options: { manifest: CacheManifest; number: number; ignoreDamaged?: boolean },
  ): Shard {
    const shard = new Shard(directory, options.manifest, options.number);
    shard.#readIndex(options.ignoreDamaged ?? false);
    return shard;
  }

  /** Writes an image's pixels to its slot. The image becomes ready only with the next {@linkcode flush}. */
  write(slot: number, pixels: Uint8Array, notes: number): void {
    const file = this.#open(true);
    file.seekSync(slot * this.#bytes, Deno.SeekMode.Start);
    writeAll(file, pixels);
    this.status[slot] = IMAGE_STATUS.ready;
    this.notes[slot] = notes;
    this.#sums[slot] = crc32(pixels);
    this.#dirty = true;
  }

  /** Marks an image as unusable. */
  markBad(slot: number): void {
    this.status[slot] = IMAGE_STATUS.bad;
    this.#dirty = true;
  }

  /** Marks an image as not prepared. */
  forget(slot: number): void {
    this.status[slot] = IMAGE_STATUS.absent;
    this.#dirty = true;
  }

  /** The CRC-32 of an image's pixels. */
  sum(slot: number): number {
    return this.#sums[slot]!;
  }

  /** Flushes everything written so far to disk. */
  flush(): void {
    if (!this.#dirty) return;
    this.#file?.syncDataSync();
    writeFileAtomicSync(this.#indexPath, this.#encodeIndex());
    this.#dirty = false;
  }

  /** Reads an image into `out`. Returns false if the checksum does not match. */
  read(slot: number, out: Uint8Array): boolean {
    try {
      return readExactly(this.#open(false), out, slot * this.#bytes) && crc32(out) === this.#sums[slot];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  get #indexBytes(): number {
    return HEADER_BYTES + this.status.length * SLOT_BYTES + 4;
  }

  /** Path of the file with the pixels. */
  get path(): string {
    return this.#pixelsPath;
  }

  /** Closes the pixel file; it is reopened when needed. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #open(write: boolean): Deno.FsFile {
    this.#file ??= write ? openForUpdateSync(this.#pixelsPath) : openRegularSync(this.#pixelsPath, PIXELS).file;
    return this.#file;
  }

  #encodeIndex(): Uint8Array {
    const slots = this.status.length;
    const bytes = new Uint8Array(this.#indexBytes);
    const view = new DataView(bytes.buffer);
    new TextEncoder().encodeInto(MAGIC + this.#key, bytes);
    view.setUint32(HEADER_BYTES - 4, slots, true);
    bytes.set(this.status, HEADER_BYTES);
    bytes.set(this.notes, HEADER_BYTES + slots);
    for (let i = 0; i < slots; i++) view.setUint32(HEADER_BYTES + 2 * slots + 4 * i, this.#sums[i]!, true);
    view.setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
    return bytes;
  }

  #readIndex(ignoreDamaged: boolean): void {
    let bytes: Uint8Array;
    try {
      using opened = openRegularSync(this.#indexPath, INDEX);
      // An index of another length is damaged.
      if (opened.size !== this.#indexBytes) return;
      bytes = new Uint8Array(opened.size);
      if (!readExactly(opened.file, bytes, 0)) return;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    const slots = this.status.length;
    const view = new DataView(bytes.buffer);
    const whole = view.getUint32(bytes.length - 4, true) === crc32(bytes.subarray(0, -4));
    if (!whole) return;
    if (new TextDecoder().decode(bytes.subarray(0, HEADER_BYTES - 4)) !== MAGIC + this.#key) {
      if (ignoreDamaged) return;
      throw new DataError(
        "the shard belongs to another cache; run `deno task prepare --verify` to make its images again",
        { file: this.#indexPath },
      );
    }
    this.status.set(bytes.subarray(HEADER_BYTES, HEADER_BYTES + slots));
    this.notes.set(bytes.subarray(HEADER_BYTES + slots, HEADER_BYTES + 2 * slots));
    for (let i = 0; i < slots; i++) this.#sums[i] = view.getUint32(HEADER_BYTES + 2 * slots + 4 * i, true);
  }
}
