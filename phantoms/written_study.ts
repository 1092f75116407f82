/**
 * Studies and images as written to disk, from which the tables are made.
 *
 * @module
 */
import type { ImageState } from "./exposures.ts";
import type { StudyState } from "./patients.ts";

/** A written image, with its size in pixels. */
export interface WrittenImage {
  image: ImageState;
  width: number;
  height: number;
}

/** A study and its images as written. */
export interface WrittenStudy {
  study: StudyState;
  images: readonly WrittenImage[];
}

/** A file of a phantom directory, with its path relative to it. */
export interface TableFile {
  path: string;
  text: string;
  /** Whether the file is written gzipped. */
  gzip: boolean;
}

/** Sorts studies by patient and study number. */
export function bySubjectAndStudy(studies: readonly WrittenStudy[]): WrittenStudy[] {
  return studies.toSorted((a, b) =>
    a.study.patient.subjectId - b.study.patient.subjectId || a.study.studyId - b.study.studyId
  );
}
