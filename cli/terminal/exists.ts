/**
 * Whether a file or folder exists.
 *
 * @module
 */
import { nameFile } from "../../base/errors.ts";

/** Whether a file or directory exists at a path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw nameFile(error, path);
  }
}
