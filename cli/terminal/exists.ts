/**
 * Whether a file or folder exists.
 *
 * @module
 */
import { nameFile } from "../../base/errors.ts";

/** Whether a file or directory exists at a path; below a file there is none. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw nameFile(error, path);
  }
}
