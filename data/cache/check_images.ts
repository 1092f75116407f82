import { decodeAll, type DecodeTask } from "./decode_pool.ts";
import { checkFiles } from "../index/check_files.ts";
import { MAX_PIXELS } from "../image/decode_image.ts";
import type { StudyIndex } from "../index/study_index.ts";

/** The decoded images are not kept, so any size will do. */
const SIZE = 8;

/**
 * Decodes every kept image and leaves out (counted and named) those that cannot be decoded.
 *
 * @throws {DataError} for the first of them when the index was opened as strict.
 */
export async function checkImages(
  index: StudyIndex,
  options: {
    /** Default one a core. */
    workers?: number;
    maxPixels?: number;
    /** Milliseconds that one image may take, default two minutes. */
    timeout?: number;
    onProgress?: (progress: { done: number; total: number }) => void;
    signal?: AbortSignal;
  } = {},
): Promise<void> {
  checkFiles(index, { signal: options.signal });
  if (!index.source.hasImages || index.source.generated !== undefined) return;
  const tasks = decodeTasks(index);
  let done = 0;
  await decodeAll(tasks.values(), {
    workers: Math.max(1, Math.min(tasks.length, options.workers ?? navigator.hardwareConcurrency)),
    size: SIZE,
    preprocessing: "plain",
    maxPixels: options.maxPixels ?? MAX_PIXELS,
    timeout: options.timeout ?? 120_000,
    signal: options.signal,
    onResult: (result) => {
      if ("bad" in result) dropUndecodable(index, result.image, result.bad);
      options.onProgress?.({ done: ++done, total: tasks.length });
    },
  });
}

/** Leaves out an image that cannot be decoded. */
export function dropUndecodable(index: StudyIndex, image: number, why: string): void {
  const reason = { step: "decoding", reason: "image cannot be decoded", unit: "image", fault: true } as const;
  index.dropImage(image, reason, `${index.source.name(image)}: ${why}`);
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
