/**
 * Runs jobs in module Web Workers, with results that do not depend on the number of workers.
 *
 * A job family is one function, `prepare(setup)`, that returns the function which does one job. The same function runs
 * in a worker (whose module calls {@linkcode serveJobs}) or, where one worker is enough, in this thread.
 *
 * @module
 */

/** Makes the function that does one job from what all jobs share. */
export type PrepareJobs<Setup, Job, Result> = (setup: Setup) => (job: Job) => Result;

/** Options of {@linkcode runJobs}. */
export interface JobOptions<Setup, Job, Result> {
  /** The worker's module, which must call {@linkcode serveJobs} with the same `prepare`. */
  readonly module: URL;
  readonly prepare: PrepareJobs<Setup, Job, Result>;
  /** Shared by all jobs; copied to each worker once. */
  readonly setup: Setup;
  /** Number of workers; at 1 or less the jobs run in this thread. All logical cores unless given. */
  readonly workers?: number | undefined;
  /** Called after each job with the number done so far. */
  readonly onDone?: ((done: number, total: number) => void) | undefined;
}

/** A worker's answer: a result, or the message of what was thrown. */
type Reply<Result> = { index: number; result: Result } | { index: number; error: string };

/** Messages to a worker: the set-up once, then jobs. */
type Request<Setup, Job> = { setup: Setup } | { index: number; job: Job };

/** The global scope of a module worker, which the `window` types of the DOM do not describe. */
interface WorkerScope<Setup, Job, Result> {
  onmessage: ((event: MessageEvent<Request<Setup, Job>>) => void) | null;
  postMessage(message: Reply<Result>): void;
}

/** Serves jobs inside a worker; the only call in the worker's module. */
export function serveJobs<Setup, Job, Result>(prepare: PrepareJobs<Setup, Job, Result>): void {
  const scope = globalThis as unknown as WorkerScope<Setup, Job, Result>;
  let run: (job: Job) => Result = () => {
    throw new Error("a job came before the set-up");
  };
  scope.onmessage = ({ data }) => {
    if ("setup" in data) {
      try {
        run = prepare(data.setup);
      } catch (error) {
        // Reported with the first job's answer: an exception here would only reach the console.
        run = () => {
          throw error;
        };
      }
      return;
    }
    try {
      scope.postMessage({ index: data.index, result: run(data.job) });
    } catch (error) {
      scope.postMessage({ index: data.index, error: error instanceof Error ? error.message : String(error) });
    }
  };
}

/** Time after which this thread yields to timers and signals, in milliseconds. */
const TURN_MS = 50;

/** Runs the jobs one after another in this thread, yielding to timers and signals in between. */
async function runHere<Setup, Job, Result>(
  jobs: readonly Job[],
  options: JobOptions<Setup, Job, Result>,
): Promise<Result[]> {
  const run = options.prepare(options.setup);
  const results: Result[] = [];
  let lastTurn = performance.now();
  for (const job of jobs) {
    results.push(run(job));
    options.onDone?.(results.length, jobs.length);
    if (performance.now() - lastTurn > TURN_MS) {
      await new Promise((resume) => setTimeout(resume));
      lastTurn = performance.now();
    }
  }
  return results;
}

/** Sends jobs to one worker until none is left. */
function drain<Setup, Job, Result>(
  worker: Worker,
  next: () => { index: number; job: Job } | null,
  { setup, receive }: { setup: Setup; receive: (index: number, result: Result) => void },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = () => {
      const job = next();
      if (job === null) resolve();
      else worker.postMessage(job satisfies Request<Setup, Job>);
    };
    worker.onmessage = ({ data }: MessageEvent<Reply<Result>>) => {
      if ("error" in data) return reject(new Error(data.error));
      receive(data.index, data.result);
      give();
    };
    worker.onerror = (event) => {
      // Without this the error would end the whole process instead of rejecting this call.
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage({ setup } satisfies Request<Setup, Job>);
    give();
  });
}

/**
 * Runs every job and returns their results in the order of the jobs.
 *
 * @throws Error with the message of the first job that threw; the other workers are stopped.
 */
export async function runJobs<Setup, Job, Result>(
  jobs: readonly Job[],
  options: JobOptions<Setup, Job, Result>,
): Promise<Result[]> {
  const count = Math.min(options.workers ?? navigator.hardwareConcurrency, jobs.length);
  if (count <= 1) return runHere(jobs, options);
  const results = new Array<Result>(jobs.length);
  let given = 0;
  let done = 0;
  const next = () => given < jobs.length ? { index: given, job: jobs[given++] as Job } : null;
  const receive = (index: number, result: Result) => {
    results[index] = result;
    options.onDone?.(++done, jobs.length);
  };
  const pool = Array.from({ length: count }, () => new Worker(options.module, { type: "module" }));
  try {
    await Promise.all(pool.map((worker) => drain(worker, next, { setup: options.setup, receive })));
  } finally {
    for (const worker of pool) worker.terminate();
  }
  return results;
}
