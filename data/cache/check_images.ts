/**
 * Decodes every image of a data set to find those that cannot be used.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { decodeAll, type DecodeResult, type DecodeTask } from "./decode_pool.ts";
import { defaultImageMemory } from "./image_memory.ts";
import { noteImages } from "./image_notes.ts";
import { checkFiles } from "../index/check_files.ts";
import { MAX_PIXELS } from "../image/decode_image.ts";
import type { StudyIndex } from "../index/study_index.ts";

/** The decoded images are discarded, so any size will do. */
const SIZE = 8;

/** Consecutive unreadable images after which the disk, network or permissions are assumed to have failed. */
const MAX_UNREAD = 10;

/**
 * Decodes every kept image. Excludes (and logs) images that cannot be decoded or read, and warns of blank images and
 * misleading file names.
 *
 * @throws {DataError} for the first of them in strict mode, and if images disappear while the task runs or many in a
 * row cannot be read.
 */
export async function checkImages(
  index: StudyIndex,
  options: {
    /** Default one per core. */
    workers?: number;
    maxPixels?: number;
    /** Memory budget for decoding over all workers, in bytes; default a quarter of the machine's memory. */
    imageMemory?: number;
    /** Time limit per image in milliseconds, default two minutes. */
    timeout?: number;
    onProgress?: (progress: { done: number; total: number }) => void;
    signal?: AbortSignal;
  } = {},
): Promise<void> {
  checkFiles(index, { signal: options.signal });
  if (!index.source.hasImages || index.source.generated !== undefined) return;
  const tasks = decodeTasks(index);
  const unread = new UnreadImages(index);
  const notes = new Map<number, number>();
  let done = 0;
  await decodeAll(tasks.values(), {
    workers: Math.max(1, Math.min(tasks.length, options.workers ?? navigator.hardwareConcurrency)),
    size: SIZE,
    preprocessing: "plain",
    window: index.window,
    decode: "exact",
    maxPixels: options.maxPixels ?? MAX_PIXELS,
    imageMemory: options.imageMemory ?? defaultImageMemory(),
    timeout: options.timeout ?? 120_000,
    signal: options.signal,
    onResult: (result) => {
      if (!unread.leaveOut(result)) {
        if ("bad" in result) dropUndecodable(index, result.image, result.bad);
        else if ("pixels" in result) notes.set(result.image, result.notes);
      }
      options.onProgress?.({ done: ++done, total: tasks.length });
    },
  });
  noteImages(index, notes);
}

/** Excludes an image that cannot be decoded. */
export function dropUndecodable(index: StudyIndex, image: number, why: string): void {
  const reason = { step: "decoding", reason: "image cannot be decoded", unit: "image", fault: true } as const;
  index.dropImage(image, reason, `${index.source.name(image)}: ${why}`);
}

/**
 * Images that could not be read because of an external failure. They are excluded from the index for now but not
 * recorded on disk, so the next call tries them again.
 */
export class UnreadImages {
  readonly #index: StudyIndex;
  #inARow = 0;

  constructor(index: StudyIndex) {
    this.#index = index;
  }

  /**
   * Excludes the image if the result says that it could not be read.
   *
   * @returns whether it was excluded
   * @throws {DataError} if the file has disappeared, or the last {@linkcode MAX_UNREAD} images could not be read
   * either.
   */
  leaveOut(result: DecodeResult): boolean {
    if (!("unread" in result)) {
      this.#inARow = 0;
      return false;
    }
    const { source, root } = this.#index;
    const example = `${source.name(result.image)}: ${result.unread}`;
    const next = "what is prepared is kept, and the same command goes on from there";
    if (result.isGone) {
      throw new DataError(
        `${example}, although it was there when the task began; make the data available again, then ${next}`,
        { file: root },
      );
    }
    if (result.isTooLarge) {
      const reason = "image needs more memory than 'prepare --image-memory' allows";
      this.#index.dropImage(result.image, { step: "decoding", reason, unit: "image", fault: true }, example);
      return true;
    }
    if (++this.#inARow >= MAX_UNREAD) {
      throw new DataError(
        `${MAX_UNREAD} images in a row could not be read, the last one ${example}; check disk and permissions, then ${next}`,
        { file: root },
      );
    }
    const reason = { step: "files", reason: "image cannot be read", unit: "image", fault: true } as const;
    this.#index.dropImage(result.image, reason, example);
    return true;
  }
}

function decodeTasks(index: StudyIndex): DecodeTask[] {
  const tasks: DecodeTask[] = [];
  for (let image = 0; image < index.images.count; image++) {
    if (index.images.dropped[image] !== 0) continue;
    const location = index.source.locate(image);
    if (location !== undefined) tasks.push({ image, name: index.source.name(image), location });
  }
  return tasks;
}
