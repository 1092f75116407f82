/**
 * The counterpart of {@link PeerProcess}: serves requests to prepare, run and time work.
 *
 * Requests are lines of JSON, `{"prepare": WORK}` or `{"run": WORK, "steps": N}`, each answered by a line. Must not
 * import any package, because it also runs in the peers' processes.
 *
 * @module
 */
import process from "node:process";

/** Prepared work. */
export interface Job {
  /** Version and settings, for display. */
  readonly about: string;
  /**
   * Computes numbers that must agree between contestants, such as the losses of the first steps. Called once, before
   * `run()`.
   */
  check(): Promise<readonly number[]>;
  /** Runs steps and waits for the last one. */
  run(steps: number): Promise<void>;
}

/** Answers requests until standard input ends. */
export async function serve(jobs: Readonly<Record<string, () => Promise<Job>>>): Promise<void> {
  const prepared = new Map<string, Job>();
  for await (const line of lines(Deno.stdin.readable)) {
    const answer = await respond(JSON.parse(line), { jobs, prepared }).catch((error: unknown) => ({
      error: error instanceof Error ? error.message : String(error),
    }));
    // The mark distinguishes answers from other output of the framework.
    console.log(`@${JSON.stringify(answer)}`);
  }
}

interface Request {
  readonly prepare?: string;
  readonly run?: string;
  readonly steps?: number;
}

async function respond(
  request: Request,
  context: { jobs: Readonly<Record<string, () => Promise<Job>>>; prepared: Map<string, Job> },
): Promise<object> {
  const { jobs, prepared } = context;
  if (request.prepare !== undefined) {
    const make = jobs[request.prepare];
    if (!make) throw new Error(`there is no work ${request.prepare}`);
    const job = await make();
    const values = await job.check();
    prepared.set(request.prepare, job);
    return { about: job.about, values };
  }
  const { run = "", steps = 1 } = request;
  const job = prepared.get(run);
  if (!job) throw new Error(`${run} was not prepared`);
  return await timeJob(job, steps);
}

/** Times a job: wall-clock and processor seconds per step. */
export async function timeJob(job: Job, steps: number): Promise<{ seconds: number; processorSeconds: number }> {
  const processor = process.cpuUsage();
  const start = performance.now();
  await job.run(steps);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(processor);
  return { seconds: seconds / steps, processorSeconds: (user + system) / 1e6 / steps };
}

async function* lines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts.filter((part) => part !== "");
  }
}
