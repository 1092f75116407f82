/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Draws every n-th study of a phantom set and writes its images. Runs in a Web Worker; one message starts it.
 *
 * @module
 */
import type { DrawReply, DrawRequest } from "./draw_messages.ts";
import { phantomStudies } from "./patients.ts";
import { writeStudyFiles } from "./study_files.ts";

self.onmessage = ({ data }: MessageEvent<DrawRequest>) => {
  try {
    for (const study of phantomStudies(data.seed, data.studies)) {
      if (Atomics.load(data.stop, 0) !== 0) break;
      if (study.index % data.workers !== data.worker) continue;
      const files = writeStudyFiles(study, data);
      self.postMessage({ kind: "study", index: study.index, files } satisfies DrawReply);
    }
    self.postMessage({ kind: "end" } satisfies DrawReply);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    self.postMessage({ kind: "failed", message } satisfies DrawReply);
  }
};
