/**
 * The other end of {@link PeerProcess}: a process that does work when it is told to, and times it.
 *
 * It reads lines of JSON, `{"prepare": WORK}` or `{"run": WORK, "steps": N}`, and answers each with a line. No package is imported here:
 * the peers' own processes use it.
 *
 * @module
 */
import process from "node:process";

/** Prepared work. */
export interface Job {
  /** Version and settings. */
  readonly about: string;
  /** Numbers that tell whether all do the same, such as the losses of the first steps. Called once, before any `run()`. */
  check(): Promise<readonly number[]>;
  /** Does steps and waits for the last one. */
  run(steps: number): Promise<void>;
}

/** Answers requests until there are no more. */
export async function serve(jobs: Readonly<Record<string, () => Promise<Job>>>): Promise<void> {
  const prepared = new Map<string, Job>();
  for await (const line of lines(Deno.stdin.readable)) {
    const answer = await respond(JSON.parse(line), { jobs, prepared }).catch((error: unknown) => ({
      error: error instanceof Error ? error.message : String(error),
    }));
    // After the mark: what a framework prints by itself is no answer.
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
    if (!make) throw new Error(`no work is called ${request.prepare}`);
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

/** Seconds that a step takes, on the clock and of all processors. */
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
