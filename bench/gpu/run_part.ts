/**
 * Runs a measurement in a process group of its own and ends it at its limit, whatever it is doing.
 *
 * @module
 */
import type { GpuPart } from "./parts.ts";
import { type PartOutcome, type PartRecord, recordSchema } from "./part_results.ts";

/** Options of {@linkcode runPart}. */
export interface RunPartOptions {
  /** Seconds after which the part is ended. */
  readonly limit: number;
  /** The program and its arguments; the part's name and options are appended by the caller. */
  readonly command: readonly [program: string, ...args: string[]];
  /** What the processes print, apart from records. */
  readonly log: (text: string) => void;
  /** Called with every record when it arrives. */
  readonly onRecord: (record: PartRecord) => void;
  /** Ends the part early. */
  readonly signal?: AbortSignal;
}

/** How long to wait for a killed process: one that hangs in the driver may never go. */
const GRACE_MILLISECONDS = 2000;

/** Marks lines that are records, as in `bench/peers/serve.ts`. */
export const RECORD_MARK = "@";

/** Runs a part. Never throws: whatever goes wrong is its outcome. */
export async function runPart(part: GpuPart, options: RunPartOptions): Promise<PartOutcome> {
  const { limit, command: [program, ...args], signal } = options;
  const started = performance.now();
  const records: PartRecord[] = [];
  let lastError = "";
  const outcome = (status: PartOutcome["status"], reason?: string): PartOutcome => ({
    name: part.name,
    status,
    seconds: Math.round(performance.now() - started) / 1000,
    limit,
    records,
    ...(reason ? { reason } : {}),
  });
  let child: Deno.ChildProcess;
  try {
    // Detached: a process group of its own, so that what it starts can be ended with it.
    const streams = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    child = new Deno.Command(program, { args, ...streams, detached: true }).spawn();
  } catch (error) {
    return outcome("failed", (error as Error).message);
  }
  const reading = Promise.all([
    eachLine(child.stdout, (line) => {
      const record = asRecord(line);
      if (!record) return options.log(line);
      records.push(record);
      options.onRecord(record);
    }),
    eachLine(child.stderr, (line) => {
      if (/error/i.test(line) || lastError === "") lastError = line;
      options.log(line);
    }),
  ]);
  const ended = await endOf(child, { milliseconds: 1000 * limit, ...(signal ? { signal } : {}) });
  if (ended !== "exited") killGroup(child.pid);
  // Whatever of the group outlived it would keep the pipes open.
  await atMost(GRACE_MILLISECONDS, reading);
  killGroup(child.pid);
  if (ended === "time") return outcome("timed out", `it was ended after ${limit.toFixed(0)} s`);
  if (ended === "stopped") return outcome("failed", "it was interrupted");
  const { success, code, signal: killer } = await child.status;
  const absent = records.find(({ absent }) => typeof absent === "string")?.absent;
  if (success) return typeof absent === "string" ? outcome("absent", absent) : outcome("done");
  return outcome("failed", lastError || (killer ? `it was ended by ${killer}` : `exit code ${code}`));
}

async function endOf(
  child: Deno.ChildProcess,
  { milliseconds, signal }: { milliseconds: number; signal?: AbortSignal },
): Promise<"exited" | "time" | "stopped"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const time = new Promise<"time">((resolve) => timer = setTimeout(() => resolve("time"), milliseconds));
  const stopped = new Promise<"stopped">((resolve) => {
    if (signal?.aborted) resolve("stopped");
    signal?.addEventListener("abort", () => resolve("stopped"), { once: true });
  });
  try {
    return await Promise.race([child.status.then(() => "exited" as const), time, stopped]);
  } finally {
    clearTimeout(timer);
  }
}

function killGroup(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch (error) {
    // The whole group has ended.
    if (!(error instanceof Deno.errors.NotFound || error instanceof TypeError)) throw error;
  }
}

function asRecord(line: string): PartRecord | undefined {
  if (!line.startsWith(RECORD_MARK)) return undefined;
  try {
    return recordSchema.safeParse(JSON.parse(line.slice(RECORD_MARK.length))).data;
  } catch {
    return undefined;
  }
}

async function eachLine(stream: ReadableStream<Uint8Array<ArrayBuffer>>, use: (line: string) => void): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) use(line);
  }
  if (rest) use(rest);
}

/** Waits for `work`, but not longer than that. */
async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const time = new Promise<void>((resolve) => timer = setTimeout(resolve, milliseconds));
  await Promise.race([work, time]);
  clearTimeout(timer);
}
