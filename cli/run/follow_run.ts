/**
 * `runs --follow`: shows the progress of a run that another process trains, until that ends.
 *
 * @module
 */
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isLocked, type LoggedLine, MetricsTail, totalSteps } from "../../training/mod.ts";
import { printable } from "../terminal/errors.ts";
import { type Progress, type ProgressFields, type ProgressStream, startProgress } from "../terminal/progress.ts";
import { describeBest, readRunState } from "./run_state.ts";

/** Options of {@linkcode followRun}. */
export interface FollowOptions {
  /** Where progress is drawn. */
  readonly stream: ProgressStream;
  /** Aborted to stop following; the run goes on. */
  readonly signal: AbortSignal;
  /** Milliseconds between two looks, 1,000 by default. */
  readonly interval?: number;
  /** Milliseconds between lines where the stream is no terminal, 10,000 by default. */
  readonly lineInterval?: number;
}

/** Shows a run's progress until no process works on it; the last line says what has become of it. */
export async function followRun(directory: string, options: FollowOptions): Promise<void> {
  const { stream, signal, interval = 1000 } = options;
  const name = basename(directory);
  const tail = new MetricsTail(directory);
  const { config } = await readRunState(directory);
  let progress: Progress | undefined;
  let fields: ProgressFields = {};
  let total: number | undefined;
  let [done, told] = [0, false];
  try {
    for (;;) {
      // Asked first: what is written before the lock is released is read below.
      const isWorking = await isLocked(directory);
      const lines = await tail.next();
      const last = lines.findLast(({ kind }) => kind === undefined);
      if (last) done = last.step + 1;
      fields = { ...fields, ...Object.assign({}, ...lines.slice(-50).map(fieldsOf)) };
      total ??= await totalSteps(directory, config);
      if (total !== undefined && done > 0) {
        progress ??= startProgress(name, { ...options, total, from: isWorking ? done : 0 });
        progress.update(done, fields);
      } else if (isWorking && !told) {
        stream.write(`${name}: preparing; the first step is still to come\n`);
        told = true;
      }
      if (!isWorking || signal.aborted) break;
      await delay(interval, undefined, { signal }).catch(() => {});
    }
  } finally {
    progress?.stop();
  }
  if (!signal.aborted) stream.write(`${printable(await describeEnd(directory, name))}\n`);
}

/** What a line adds to the progress. */
function fieldsOf(line: LoggedLine): ProgressFields {
  const { kind, loss, studiesPerSecond } = line as LoggedLine & Readonly<Record<string, unknown>>;
  if (typeof loss !== "number") return {};
  if (kind === "validation") return { "validation loss": loss.toPrecision(5) };
  if (kind !== undefined) return {};
  return {
    loss: loss.toPrecision(5),
    ...(typeof studiesPerSecond === "number" ? { "studies/s": studiesPerSecond.toFixed(0) } : {}),
  };
}

async function describeEnd(directory: string, name: string): Promise<string> {
  const { state, done, total, best } = await readRunState(directory);
  const steps = total === undefined ? `${done} steps` : `${done} of ${total} steps`;
  const score = best ? `, best ${best.score === "AUROC" ? "macro " : ""}${describeBest(best)}` : "";
  return `${name}: ${state}, ${steps}${score}`;
}
