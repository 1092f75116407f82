/**
 * Errors whose message is meant for the user, and the place in the input that they name.
 *
 * @module
 */

/** Where in the input something was wrong. Lines and columns count from 1; a column may also be a column's name. */
export interface DataErrorPlace {
  file?: string;
  line?: number;
  column?: number | string;
}

/**
 * Bad input: what was wrong, where, and what to do, in one sentence. Expected, so the command line prints its message
 * without a stack trace.
 */
export class DataError extends Error {
  /** The file that is wrong, as it was named by the caller. */
  readonly file: string | undefined;
  /** Line in the file, from 1. */
  readonly line: number | undefined;
  /** Column: a number from 1, or the name of a table's column. */
  readonly column: number | string | undefined;

  /** Appends the place to the message: `FILE, line LINE, column COLUMN: MESSAGE`. */
  constructor(message: string, place: DataErrorPlace = {}) {
    super(`${describePlace(place)}${message}`);
    this.name = "DataError";
    this.file = place.file;
    this.line = place.line;
    this.column = place.column;
  }
}

/** `FILE, line L, column C: `, with the parts that are known; an empty string where none is. */
function describePlace(place: DataErrorPlace): string {
  const parts: string[] = [];
  if (place.file !== undefined) parts.push(place.file);
  if (place.line !== undefined) parts.push(`line ${place.line}`);
  if (place.column !== undefined) {
    parts.push(`column ${typeof place.column === "string" ? JSON.stringify(place.column) : place.column}`);
  }
  return parts.length === 0 ? "" : `${parts.join(", ")}: `;
}

/**
 * Adds the path to an error of the system, which does not always name it: not if reading or writing an open file fails,
 * nor if the sandbox resolves the path first.
 *
 * @returns The same error, with `path`, and with the path in its message.
 */
export function nameFile(error: unknown, path: string): unknown {
  if (!isSystemError(error)) return error;
  if (!error.message.includes(path)) error.message += `: '${path}'`;
  return Object.assign(error, { path });
}

/** True for what the operating system reported; Deno has no code for some of its errors. */
export function isSystemError(error: unknown): error is Error & { code?: string } {
  return error instanceof Error &&
    (typeof (error as { code?: unknown }).code === "string" || /\(os error \d+\)/.test(error.message));
}
