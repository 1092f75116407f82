/**
 * Warnings about images that are usable but suspicious, stored as bits in the cache.
 *
 * @module
 */
import type { DropReason } from "../index/drop_log.ts";
import type { StudyIndex } from "../index/study_index.ts";
import { MAX_LEVELS_COUNTED } from "../image/decoded_image.ts";

/** Note bits that the cache stores for each prepared image. */
export const IMAGE_NOTES = { oneValue: 1, twoValues: 2, manyValues: 4, misnamed: 8 } as const;

/** The notes for an image with the given number of distinct values (as counted by `countLevels()`). */
export function notesOfLevels(levels: number): number {
  if (levels <= 1) return IMAGE_NOTES.oneValue;
  if (levels === 2) return IMAGE_NOTES.twoValues;
  return levels >= MAX_LEVELS_COUNTED ? IMAGE_NOTES.manyValues : 0;
}

const ONE_VALUE = noteReason("picture of a single gray value (kept)", { fault: true });
const TWO_VALUES = noteReason("picture of two gray values among pictures of many (kept)", { fault: true });
const MISNAMED = noteReason("file name claims another format; read by its content (kept)", { fault: false });

function noteReason(reason: string, { fault }: { fault: boolean }): DropReason & { kept: true } {
  return { step: "decoding", reason, unit: "image", fault, kept: true };
}

/**
 * Logs warnings about suspicious prepared images, which stay in the index.
 *
 * @throws {DataError} for the first blank image in strict mode.
 */
export function noteImages(index: StudyIndex, notes: ReadonlyMap<number, number>): void {
  let many = 0;
  for (const bits of notes.values()) if ((bits & IMAGE_NOTES.manyValues) !== 0) many++;
  const isUsuallyDeep = many > notes.size / 2;
  for (const [image, bits] of [...notes].sort(([a], [b]) => a - b)) {
    const name = index.source.name(image);
    if ((bits & IMAGE_NOTES.misnamed) !== 0) index.noteImage(image, MISNAMED, name);
    if ((bits & IMAGE_NOTES.oneValue) !== 0) index.noteImage(image, ONE_VALUE, name);
    if ((bits & IMAGE_NOTES.twoValues) !== 0 && isUsuallyDeep) index.noteImage(image, TWO_VALUES, name);
  }
}
