import type { PhantomLayout } from "../data/readers/phantom_record.ts";
import type { ImageFile } from "./study_files.ts";

/** What a worker is told: which studies are its own, and where their images go. */
export interface DrawRequest {
  seed: number;
  studies: number;
  scale: number;
  layout: PhantomLayout;
  directory: string;
  worker: number;
  workers: number;
  /** Shared; a worker that sees another value than 0 here ends before its next study. */
  stop: Int32Array;
}

/** What a worker answers. */
export type DrawReply =
  | { kind: "study"; index: number; files: ImageFile[] }
  | { kind: "end" }
  | { kind: "failed"; message: string };

export interface DrawOptions extends Omit<DrawRequest, "worker" | "stop"> {
  onStudy: (index: number, files: ImageFile[]) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Draws all studies in Web Workers, each its share, and hands over what was written as it comes, in no fixed order. When it
 * returns or throws, no worker writes any more.
 *
 * @throws what a worker failed of, what `onStudy` throws, or the signal's reason
 */
export async function drawInWorkers({ onStudy, signal, ...request }: DrawOptions): Promise<void> {
  // A terminated worker may still be in the middle of a file, so workers are asked to stop, and waited for.
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const failures: unknown[] = [];
  const fail = (reason: unknown): void => {
    failures.push(reason);
    Atomics.store(stop, 0, 1);
  };
  const onAbort = () => fail(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", onAbort);
  const runs = Array.from(
    { length: request.workers },
    (_, worker) => runWorker({ ...request, worker, stop }, { onStudy, fail }),
  );
  await Promise.all(runs);
  signal?.removeEventListener("abort", onAbort);
  if (failures.length > 0) throw failures[0];
}

/** Runs one worker to its end; what goes wrong is told to `fail`. */
async function runWorker(
  request: DrawRequest,
  { onStudy, fail }: { onStudy: DrawOptions["onStudy"]; fail: (reason: unknown) => void },
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const worker = new Worker(new URL("./draw_worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<DrawReply>) => {
    try {
      if (data.kind === "study") onStudy(data.index, data.files);
      else if (data.kind === "failed") fail(new Error(data.message));
    } catch (error) {
      fail(error);
    }
    if (data.kind !== "study") resolve();
  };
  worker.onerror = (event) => {
    event.preventDefault();
    fail(new Error(event.message));
    resolve();
  };
  worker.postMessage(request);
  await promise;
  worker.terminate();
}
