/**
 * Performs the runs of an experiment, several at a time.
 *
 * @module
 */
import type { JobProgress, RunJob } from "./perform_run.ts";
import {
  failureOf,
  type RunFailure,
  type RunReply,
  type RunRequest,
  type RunSetup,
  testRoots,
} from "./run_messages.ts";
import { planName } from "./run_store.ts";
import { neededData } from "../training/data/run_views.ts";

/** Options of {@linkcode performRuns}. */
export interface PerformRunsOptions {
  /** What every worker needs before its first run. */
  readonly setup: RunSetup;
  /** Number of concurrent runs. */
  readonly concurrency: number;
  /** Aborted to stop early. */
  readonly signal: AbortSignal;
  /** Called with a run's progress; `job` is its index in the list. */
  readonly onProgress: (job: number, progress: JobProgress) => void;
  /** Called with each warning, one sentence. */
  readonly onWarning: (message: string) => void;
}

/** A run that could not be performed. */
export interface FailedRun {
  /** Name of the run. */
  readonly name: string;
  /** Why it failed. */
  readonly error: RunFailure;
}

/** The outcome of {@linkcode performRuns}. */
export interface PerformedRuns {
  /** Runs that could not be performed. */
  readonly failed: readonly FailedRun[];
  /** Whether it was stopped before the end. */
  readonly stopped: boolean;
}

/** Performs runs in workers, each with its own device. A failing run does not prevent the others. */
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
          // A cache may be opened by one worker at a time.
          await turns.take(() => worker.open(job));
          if (options.signal.aborted) return;
          await worker.perform(job, (progress) => options.onProgress(number, progress));
        } catch (error) {
          failed.push({ name: planName(job.plan), error: failureOf(error) });
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

/** A mutex. */
class Turns {
  #last: Promise<void> = Promise.resolve();

  take(action: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** The main thread's handle of a worker. */
class RunWorker {
  readonly #worker = new Worker(new URL("./run_worker.ts", import.meta.url), { type: "module" });
  readonly #onWarning: (message: string) => void;
  /** The error that made the worker unusable. */
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

  open(job: RunJob): Promise<void> {
    return this.#ask({ kind: "open", ...neededData(job.plan.config), tests: testRoots(job) });
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
        return this.#settle?.reject(Object.assign(new Error(reply.error.message), reply.error));
      case "opened":
      case "performed":
        return this.#settle?.resolve();
    }
  }
}
