/**
 * Finds the images and studies of a data set by the identifiers that others write for them.
 *
 * @module
 */
import { numericId } from "./cells.ts";
import type { StudyIndex } from "./study_index.ts";

/** Finds images and studies by identifier. */
export interface ImageFinder {
  /**
   * The image of an identifier or a path: with or without file extension, and with any folders above the data set's.
   */
  readonly image: (cell: string) => number | undefined;
  /** The study of an identifier; a letter before a number (`s50414267`) is ignored. */
  readonly study: (cell: string) => number | undefined;
}

/** Builds the lookups for an index. */
export function imageFinder({ images, studies, source }: StudyIndex): ImageFinder {
  const byName = new Map<string, number>();
  for (let image = 0; image < images.count; image++) {
    for (const name of [images.ids[image]!, source.name(image)]) {
      for (const key of [name, withoutExtension(name)]) if (!byName.has(key)) byName.set(key, image);
    }
  }
  const byStudy = new Map(studies.ids.map((id, study) => [id, study]));
  return {
    image: (cell) => {
      let path = cell.replaceAll("\\", "/");
      for (;;) {
        const found = byName.get(path) ?? byName.get(withoutExtension(path));
        const slash = path.indexOf("/");
        if (found !== undefined || slash < 0) return found;
        path = path.slice(slash + 1);
      }
    },
    study: (cell) => byStudy.get(cell) ?? byStudy.get(numericId(cell) ?? cell),
  };
}

function withoutExtension(path: string): string {
  return path.replace(/\.[A-Za-z]{3,4}$/, "");
}
