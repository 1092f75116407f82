/**
 * What a command prints, and how it exits, when something goes wrong.
 *
 * **The convention.** The message of an exception that a user can do something about is one complete sentence: what was
 * wrong, what was required and what to do. Such an exception is recognised by its `name`, which must be one of
 * {@linkcode USER_ERROR_NAMES}, so that no room has to import another one's classes. The command line prints the
 * message alone and exits with 1. Any other exception is a bug of the program and is printed with a request to report
 * it.
 *
 * Exit codes: 0 done, 1 failed, 2 wrong usage; 130, 143 and 129 stopped by SIGINT, SIGTERM and SIGHUP.
 *
 * @module
 */

/** Names of the exceptions whose message is meant for the user. */
export const USER_ERROR_NAMES: ReadonlySet<string> = new Set([
  "UserError",
  "UsageError",
  "DataError",
  "NoAdapterError",
  "OutOfMemoryError",
  "DeviceLostError",
  "UnsupportedError",
  "NonFiniteError",
  "CheckpointError",
  "SafetensorsError",
  "IncomparableResultsError",
  "ClusterError",
]);

/** Something the user can fix: the message says what was wrong and what to do. Exit code 1. */
export class UserError extends Error {
  override name = "UserError";
}

/** The command was called wrongly: an unknown flag, a value out of range, a missing operand. Exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Thrown after the requested help was printed: the command is done. */
export class HelpShown extends Error {
  override name = "HelpShown";
}

/** What to print on standard error, and the exit code. */
export interface Failure {
  readonly message: string;
  readonly exitCode: number;
}

/**
 * Describes anything that was thrown.
 *
 * @param options.debug Adds the stack, also to messages for users.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { describeFailure, UserError } from "./errors.ts";
 *
 * assert.deepEqual(describeFailure(new UserError("runs/a holds no results.json; run `deno task evaluate a` first")), {
 *   message: "error: runs/a holds no results.json; run `deno task evaluate a` first",
 *   exitCode: 1,
 * });
 * ```
 */
export function describeFailure(thrown: unknown, options: { debug?: boolean } = {}): Failure {
  const error = thrown instanceof Error ? thrown : new Error(`a value that is no Error was thrown: ${String(thrown)}`);
  const stack = options.debug ? `\n${printable(fullStack(error))}` : "";
  const sentence = sentenceForUser(error);
  if (sentence !== undefined) {
    return {
      message: `error: ${printable(sentence).replaceAll(/\s*\n\s*/g, " ")}${stack}`,
      exitCode: error.name === "UsageError" ? 2 : 1,
    };
  }
  const report = options.debug
    ? "Please report it with the lines below, the command and what `deno task adapter` prints."
    : "Please run the command again with MMVM_DEBUG=1 in the environment, and report what it and `deno task adapter` print.";
  return {
    message: `error: ${printable(`${error.name}: ${error.message}`)}\nThis is a fault of mmvm. ${report}${stack}`,
    exitCode: 1,
  };
}

/** An error as its bare facts, which is what comes from a worker. */
export interface ErrorFacts {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly path?: unknown;
}

/** What to tell the user about an error; `undefined` for one that the user can do nothing about. */
export function sentenceForUser(error: ErrorFacts): string | undefined {
  return USER_ERROR_NAMES.has(error.name) ? error.message : systemSentence(error);
}

/** What the operating system refused, as a sentence; `undefined` for an error that is not the system's. */
function systemSentence(error: ErrorFacts): string | undefined {
  const path = typeof error.path === "string" ? error.path : /: \w+ '(.+?)'/.exec(error.message)?.[1];
  const at = path === undefined ? "" : ` at ${path}`;
  const what = path ?? "a file that is needed";
  if (error.name === "NotCapable") {
    const wanted = /^Requires (.+?)(?:, run again.*)?$/s.exec(error.message)?.[1] ?? error.message;
    return `this task's sandbox does not allow what was asked of it (${wanted}); SECURITY.md lists what each task may do`;
  }
  // EFBIG, for which Deno has no code: a limit of the process (`ulimit -f`) or of the file system, 4 GiB on FAT.
  if (/\(os error 27\)/.test(error.message)) {
    return `the file may not grow larger${at}: raise the limit on the size of files, or choose another file system`;
  }
  switch (error.code) {
    case "ENOSPC":
    case "EDQUOT":
      return `the disk is full${at}: free some space and run the command again; files that were complete are unharmed`;
    case "EROFS":
      return `the file system is read-only${at}: choose a place that can be written`;
    case "EACCES":
    case "EPERM":
      return `no permission for ${what}: change its owner or mode, or choose another place`;
    case "ENOENT":
      return `${what} does not exist: check the path`;
    case "ENOTDIR":
      return path === undefined
        ? "a path leads through a file as if it were a folder: check the paths that were given"
        : `${path} leads through a file as if it were a folder: check the path`;
    case "EISDIR":
      return `${what} is a folder where a file was expected: check the path`;
    case "ELOOP":
      return `${what} leads through links in a circle: check the path and the links on it`;
    case "ENAMETOOLONG":
      return `the path ${path ?? ""} is longer than the file system allows: choose a shorter one`;
    case "EIO":
    case "ENODEV":
    case "ENXIO":
      return `the disk or network drive failed${at}: check it and run the command again; files that were complete are unharmed`;
    case "ESTALE":
    case "ETIMEDOUT":
    case "ENOTCONN":
    case "EHOSTDOWN":
      return `the network drive does not answer any more${at}: mount it again and run the command again; ` +
        "files that were complete are unharmed";
    case "EINTR":
    case "EAGAIN":
    case "EBUSY":
    case "ETXTBSY":
      return `the file system was busy or interrupted${at}: run the command again`;
    case "ENOMEM":
      return `the system is out of memory${at}: close other programs and run the command again`;
    case "EMFILE":
    case "ENFILE":
      return "too many files are open: raise the limit (`ulimit -n 4096`) and run the command again";
    default:
      return undefined;
  }
}

function fullStack(error: Error): string {
  const stack = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${stack}\ncaused by ${fullStack(error.cause)}` : stack;
}

/**
 * Escapes the characters of a file name or a CSV field that would do something to a terminal instead of being shown:
 * control characters (escape sequences), bidirectional controls (which reorder the text around them: "Trojan Source",
 * CVE-2021-42574), line and paragraph separators, and characters that are always invisible. Tabs and line ends stay, as
 * do the joiners that scripts and emoji need.
 */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (char) => {
    const code = char.codePointAt(0)!.toString(16);
    if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
    return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\u{${code}}`;
  });
}

/** Controls but tab and line feed; ALM, LRM, RLM, embeddings, overrides, isolates; separators; ZWSP, BOM; tags. */
const UNPRINTABLE =
  // deno-lint-ignore no-control-regex
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
