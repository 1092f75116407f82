/**
 * Fuzzing under a watchdog: cases run in a worker, which is replaced when one of them does not end or ends it.
 *
 * @module
 */
import { join } from "node:path";
import type { CaseMessage, CaseRange } from "./serve_cases.ts";

/** A case that failed, with the file that holds its input. */
export interface FailedCase {
  /** `hang` for a case over the limit, `died` for one that ended the worker. */
  readonly kind: "bug" | "hang" | "died";
  readonly reader: string;
  readonly number: number;
  readonly file: string;
  readonly reason: string;
}

/** Outcomes of one reader's cases. */
export interface CaseCounts {
  read: number;
  refused: number;
  bug: number;
  hang: number;
  died: number;
  /** The longest case, in seconds. */
  longest: number;
}

/** Options of {@linkcode watchCases}. */
export interface WatchOptions extends Omit<CaseRange, "folder" | "skip"> {
  /** The worker's module, which calls `serveCases()`. */
  readonly worker: URL;
  /** Seconds after which no further case is started. */
  readonly seconds: number;
  /** Seconds that a case may take. */
  readonly caseSeconds: number;
  /** Folder for the inputs of cases that fail. */
  readonly keep: string;
  readonly onFailure: (failed: FailedCase) => void;
}

/** Seconds that a worker has for its set-up. */
const SETUP_SECONDS = 300;
/** Time between two looks at the clock, in milliseconds. */
const TICK = 100;

/** Runs cases until the time or the range ends, and returns the outcomes by reader. */
export async function watchCases(options: WatchOptions): Promise<Map<string, CaseCounts>> {
  const counts = new Map<string, CaseCounts>();
  const end = performance.now() + 1000 * options.seconds;
  let place: { first: number; skip: number } | undefined = { first: options.first, skip: 0 };
  while (place && place.first <= options.last && performance.now() < end) {
    const folder = await Deno.makeTempDir({ prefix: "mmvm_fuzz_" });
    try {
      place = await watchWorker({ ...options, ...place, folder, end, counts });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
  return counts;
}

/** Runs one worker until the time ends or a case fails it; returns where the next one goes on, if it should. */
async function watchWorker(
  { counts, end, keep, caseSeconds, onFailure, ...range }: WatchOptions & CaseRange & {
    counts: Map<string, CaseCounts>;
    end: number;
  },
): Promise<{ first: number; skip: number } | undefined> {
  const worker = new Worker(range.worker, { type: "module" });
  let names: readonly string[] = [];
  let current: Extract<CaseMessage, { kind: "start" }> | undefined;
  let since = performance.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const fail = async (kind: FailedCase["kind"], reason: string) => {
    const { reader, number, input } = current!;
    counts.get(reader)![kind]++;
    await Deno.mkdir(keep, { recursive: true });
    const file = join(keep, `${reader}-${range.seed}-${number}.input`);
    await Deno.writeFile(file, input);
    onFailure({ kind, reader, number, file, reason });
  };
  const next = () => ({ first: current!.number, skip: names.indexOf(current!.reader) + 1 });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<CaseMessage>) => {
        const seconds = (performance.now() - since) / 1000;
        since = performance.now();
        switch (data.kind) {
          case "readers":
            names = data.names;
            for (const name of names) {
              if (!counts.has(name)) {
                counts.set(name, { read: 0, refused: 0, bug: 0, hang: 0, died: 0, longest: 0 });
              }
            }
            return;
          case "start":
            current = data;
            return;
          case "finished":
            return resolve(undefined);
          case "bug":
            fail("bug", data.error).catch(reject);
            break;
          default:
            counts.get(current!.reader)![data.kind]++;
        }
        const count = counts.get(current!.reader)!;
        count.longest = Math.max(count.longest, seconds);
        if (performance.now() > end) resolve(undefined);
      };
      const { folder, seed, reader, first, last: until, skip } = range;
      worker.postMessage({ folder, seed, reader, first, last: until, skip } satisfies CaseRange);
      worker.onerror = (event) => {
        event.preventDefault();
        if (!current) return reject(new Error(`the readers cannot be set up: ${event.message}`));
        fail("died", event.message).then(() => resolve(next()), reject);
      };
      let last = performance.now();
      timer = setInterval(() => {
        // Time in which this process did not run either, on a stopped machine, is not the case's.
        const late = performance.now() - last - TICK;
        last = performance.now();
        if (late > 1000) since += late;
        const seconds = (performance.now() - since) / 1000;
        if (!current) {
          if (seconds > SETUP_SECONDS) reject(new Error(`the readers are not set up after ${SETUP_SECONDS} s`));
          return;
        }
        if (seconds <= caseSeconds) return;
        clearInterval(timer);
        fail("hang", `it was ended after ${caseSeconds} s`).then(() => resolve(next()), reject);
      }, TICK);
    });
  } finally {
    clearInterval(timer);
    worker.terminate();
  }
}
