/**
 * Output that nobody can receive any more: the terminal was closed, `| head` has read enough, the disk under a log is
 * full. Losing progress messages must not end a run of hours.
 *
 * @module
 */
import process from "node:process";
import { isSystemError } from "../../base/errors.ts";

/** What writing reports when the reader is gone: a closed pipe, or a terminal that was hung up. */
const READER_GONE: readonly unknown[] = ["EPIPE", "EIO"];

/** The functions through which a task prints. */
export interface Output {
  readonly console: Pick<Console, "log" | "info" | "debug" | "warn" | "error">;
  readonly stderr: Pick<typeof process.stderr, "write" | "on">;
}

/**
 * From now on, drops what cannot be written to standard error. On standard output, which carries results, it is dropped
 * only if the reader is gone; otherwise (a full disk) the call throws, with `standard output` as the error's path.
 */
export function tolerateLostOutput(
  { console, stderr }: Output = { console: globalThis.console, stderr: process.stderr },
) {
  for (const name of ["warn", "error"] as const) console[name] = dropping(console[name].bind(console), isSystemError);
  for (const name of ["log", "info", "debug"] as const) {
    console[name] = dropping(console[name].bind(console), isReaderGone);
  }
  const write = stderr.write.bind(stderr) as (...args: unknown[]) => boolean;
  // Node reports a failed write to a pipe as an event, which ends the process unless somebody listens.
  stderr.on("error", () => {});
  stderr.write = ((...args: unknown[]) => dropping(write, isSystemError)(...args) ?? true) as typeof stderr.write;
}

function dropping<A extends unknown[], R>(
  print: (...args: A) => R,
  isDropped: (error: unknown) => boolean,
): (...args: A) => R | undefined {
  return (...args) => {
    try {
      return print(...args);
    } catch (error) {
      if (isDropped(error)) return undefined;
      throw isSystemError(error) ? Object.assign(error, { path: "standard output" }) : error;
    }
  };
}

function isReaderGone(error: unknown): boolean {
  return isSystemError(error) && READER_GONE.includes(error.code);
}
