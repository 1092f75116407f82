/**
 * Checks early that results can be written.
 *
 * @module
 */
import { UsageError } from "../terminal/errors.ts";

/**
 * Before hours of work: results go into the run's directory, and the task may write to `runs` alone (SECURITY.md).
 *
 * @throws {UsageError} for a run elsewhere.
 */
export function checkWritable(directory: string): void {
  if (Deno.permissions.querySync({ name: "write", path: directory }).state === "granted") return;
  throw new UsageError(
    `${directory} is outside runs/, where this task may not write its results; move the run into runs/ and give ` +
      `its name`,
  );
}
