import type { ImageState } from "./exposures.ts";
import type { StudyState } from "./patients.ts";

/** What the tables say of an image besides its study: its size in pixels as written. */
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

/** A file of a phantom directory, by its path in it. */
export interface TableFile {
  path: string;
  text: string;
  /** Whether the file is written gzipped. */
  gzip: boolean;
}

/** Studies by their patient's and their own number. */
export function bySubjectAndStudy(studies: readonly WrittenStudy[]): WrittenStudy[] {
  return studies.toSorted((a, b) =>
    a.study.patient.subjectId - b.study.patient.subjectId || a.study.studyId - b.study.studyId
  );
}
