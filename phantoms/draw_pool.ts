/**
 * Draws the studies of a phantom set in Web Workers.
 *
 * @module
 */
import type { DrawReply, DrawRequest } from "./draw_messages.ts";
import type { StudyFiles } from "./study_files.ts";

/** The set to draw, and the callback that receives its studies. */
export interface DrawOptions extends Omit<DrawRequest, "worker" | "stop"> {
  onStudy: (index: number, files: StudyFiles) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Splits the studies among workers and passes each written study to `onStudy`, in no fixed order. Once this returns or
 * throws, no worker is writing any more.
 *
 * @throws The error of the first worker that failed, what `onStudy` threw, or the signal's reason.
 */
export async function drawInWorkers({ onStudy, signal, ...request }: DrawOptions): Promise<void> {
  // Terminating a worker could leave a partial file, so workers are asked to stop and awaited.
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

/** Runs one worker to its end; errors are passed to `fail`. */
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
