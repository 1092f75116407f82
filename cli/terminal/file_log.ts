import { dirname } from "node:path";
import { printable } from "./errors.ts";

/** A log file of a run; see {@linkcode openFileLog}. */
export interface FileLog extends Disposable {
  readonly path: string;
  /** Lines written by this log. */
  readonly lines: number;
  /** Appends one line, with the time in front. Line ends and control characters in it are escaped. */
  write(line: string): void;
}

/**
 * Opens a log to append to. The file, and its folder, are made with the first line: a run with nothing to say leaves none. Every line is
 * with the operating system when `write` returns, so that a crash loses none.
 */
export function openFileLog(path: string, options: { now?: () => Date } = {}): FileLog {
  const now = options.now ?? (() => new Date());
  let file: Deno.FsFile | undefined;
  let lines = 0;
  return {
    path,
    get lines() {
      return lines;
    },
    write(line) {
      if (file === undefined) {
        Deno.mkdirSync(dirname(path), { recursive: true });
        file = Deno.openSync(path, { append: true, create: true });
      }
      const text = printable(line).replaceAll(/\r?\n/g, "\\n");
      const bytes = new TextEncoder().encode(`${now().toISOString()} ${text}\n`);
      for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
      lines++;
    },
    [Symbol.dispose]() {
      file?.close();
      file = undefined;
    },
  };
}
