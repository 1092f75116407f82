import type { ImageFile } from "./study_files.ts";

/** What a worker is told: which studies are its own, and where their images go. */
export interface DrawRequest {
  seed: number;
  studies: number;
  scale: number;
  directory: string;
  worker: number;
  workers: number;
}

/** What a worker answers. */
export type DrawReply =
  | { kind: "study"; index: number; files: ImageFile[] }
  | { kind: "end" }
  | { kind: "failed"; message: string };

export interface DrawOptions extends Omit<DrawRequest, "worker"> {
  onStudy: (index: number, files: ImageFile[]) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Draws all studies in Web Workers, each its share, and hands over what was written as it comes, in no fixed order.
 *
 * @throws {Error} what a worker failed of; the signal's reason
 */
export async function drawInWorkers({ onStudy, signal, ...request }: DrawOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal?.reason);
  const workers: Worker[] = [];
  let running = request.workers;
  signal?.addEventListener("abort", onAbort);
  try {
    signal?.throwIfAborted();
    for (let index = 0; index < request.workers; index++) {
      const worker = new Worker(new URL("./draw_worker.ts", import.meta.url), { type: "module" });
      workers.push(worker);
      worker.onmessage = ({ data }: MessageEvent<DrawReply>) => {
        try {
          if (data.kind === "study") onStudy(data.index, data.files);
          else if (data.kind === "failed") reject(new Error(data.message));
          else if (--running === 0) resolve();
        } catch (error) {
          reject(error);
        }
      };
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      worker.postMessage({ ...request, worker: index } satisfies DrawRequest);
    }
    await promise;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    for (const worker of workers) worker.terminate();
  }
}
