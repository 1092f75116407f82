/**
 * Paths as the user typed them.
 *
 * @module
 */
import { resolve } from "node:path";

/**
 * Resolves a path relative to the folder in which the user called `deno task`, which runs tasks in the project's folder
 * and stores the caller's in INIT_CWD.
 */
export function userPath(path: string): string {
  return resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), path);
}
