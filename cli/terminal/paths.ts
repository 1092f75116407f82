/**
 * Paths as the user typed them.
 *
 * @module
 */
import { resolve } from "node:path";

/**
 * Where a path that the user wrote leads. `deno task` runs in the project's folder wherever it was called from, and
 * keeps the caller's folder in INIT_CWD: relative paths count from there.
 */
export function userPath(path: string): string {
  return resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), path);
}
