/**
 * The runs of an experiment, several at a time.
 *
 * @module
 */
import type { JobProgress, RunJob } from "./perform_run.ts";
import type { RunReply, RunRequest, RunSetup } from "./run_messages.ts";
import { planName } from "./run_store.ts";

/** How to perform runs. */
export interface PerformRunsOptions {
  readonly setup: RunSetup;
  /** Runs at a time. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Called with a run's progress; `job` is its place in the list. */
  readonly onProgress: (job: number, progress: JobProgress) => void;
  readonly onWarning: (message: string) => void;
}

/** A run that could not be performed. */
export interface FailedRun {
  readonly name: string;
  /** The error's class and what it says. */
  readonly error: { readonly name: string; readonly message: string };
}

/** How it went. */
export interface PerformedRuns {
  readonly failed: readonly FailedRun[];
  /** True where it was asked to stop before the end. */
  readonly stopped: boolean;
}

/** Performs runs in workers, each with a device of its own. A run that fails does not keep the others from being done. */
export async function performRuns(jobs: readonly RunJob[], options: PerformRunsOptions): Promise<PerformedRuns> {
  const failed: FailedRun[] = [];
  const queue = [...jobs.entries()];
  const turns = new Turns();
  const crew = Array.from(
    { length: Math.min(options.concurrency, jobs.length) },
    () => new RunWorker(options),
  );
  const abort = () => crew.forEach((worker) => worker.stop());
  options.signal.addEventListener("abort", abort);
  try {
    await Promise.all(crew.map(async (worker) => {
      for (let next = queue.shift(); next && !options.signal.aborted; next = queue.shift()) {
        const [number, job] = next;
        try {
          // One process at a time may look into a cache, and so one worker.
          await turns.take(() => worker.open(job));
          if (options.signal.aborted) return;
          await worker.perform(job, (progress) => options.onProgress(number, progress));
        } catch (error) {
          const { name, message } = error as Error;
          failed.push({ name: planName(job.plan), error: { name, message } });
        }
        if (!options.signal.aborted) options.onProgress(number, { done: 1, what: "done" });
      }
    }));
  } finally {
    options.signal.removeEventListener("abort", abort);
    crew.forEach((worker) => worker.end());
  }
  return { failed, stopped: options.signal.aborted };
}

/** Lets one at a time do something. */
class Turns {
  #last: Promise<void> = Promise.resolve();

  take(action: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** A worker as its thread of origin sees it. */
class RunWorker {
  readonly #worker = new Worker(new URL("./run_worker.ts", import.meta.url), { type: "module" });
  readonly #onWarning: (message: string) => void;
  /** Why it can do no more. */
  #broken: Error | undefined;
  #settle: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #onProgress: (progress: JobProgress) => void = () => {};

  constructor({ setup, onWarning }: PerformRunsOptions) {
    this.#onWarning = onWarning;
    this.#worker.onmessage = ({ data }: MessageEvent<RunReply>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#broken = new Error(event.message);
      this.#settle?.reject(this.#broken);
    };
    this.#post({ kind: "setup", setup });
  }

  open({ plan: { config } }: RunJob): Promise<void> {
    return this.#ask({ kind: "open", data: config.data, imageSize: config.model.imageSize });
  }

  perform(job: RunJob, onProgress: (progress: JobProgress) => void): Promise<void> {
    this.#onProgress = onProgress;
    return this.#ask({ kind: "perform", job });
  }

  stop(): void {
    this.#post({ kind: "stop" });
  }

  end(): void {
    this.#worker.terminate();
  }

  #post(request: RunRequest): void {
    this.#worker.postMessage(request);
  }

  #ask(request: RunRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#broken) throw this.#broken;
      this.#settle = { resolve, reject };
      this.#post(request);
    });
  }

  #receive(reply: RunReply): void {
    switch (reply.kind) {
      case "progress":
        return this.#onProgress(reply.progress);
      case "warning":
        return this.#onWarning(reply.message);
      case "failed":
        return this.#settle?.reject(Object.assign(new Error(reply.message), { name: reply.name }));
      case "opened":
      case "performed":
        return this.#settle?.resolve();
    }
  }
}
