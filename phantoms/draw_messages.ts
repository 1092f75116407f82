/**
 * Messages between the pool that draws phantoms and its workers.
 *
 * @module
 */
import type { PhantomLayout } from "../data/readers/phantom_record.ts";
import type { StudyFiles } from "./study_files.ts";

/** Message to a worker: which studies to draw and where to write their files. */
export interface DrawRequest {
  seed: number;
  studies: number;
  scale: number;
  layout: PhantomLayout;
  blankPositions?: number;
  faintFindings?: number;
  directory: string;
  worker: number;
  workers: number;
  /** One number in shared memory; workers stop before their next study when it is not 0. */
  stop: Int32Array;
}

/** Message from a worker. */
export type DrawReply =
  | { kind: "study"; index: number; files: StudyFiles }
  | { kind: "end" }
  | { kind: "failed"; message: string };
