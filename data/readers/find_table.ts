/**
 * Finds tables in a data directory.
 *
 * @module
 */
import { join } from "node:path";
import { DataError, nameFile } from "../../base/errors.ts";

/** True if the path exists and is of the given kind. */
export function exists(path: string, kind: "file" | "directory"): boolean {
  try {
    const info = Deno.statSync(path);
    return kind === "file" ? info.isFile : info.isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw nameFile(error, path);
  }
}

/** The path of the first existing table, gzipped or not, or `undefined`. Names are given without extension. */
export function findTable(root: string, names: readonly string[]): string | undefined {
  for (const name of names) {
    for (const ending of [".csv.gz", ".csv"]) {
      const path = join(root, name + ending);
      if (exists(path, "file")) return path;
    }
  }
  return undefined;
}

/** Like {@linkcode findTable}, but throws a {@linkcode DataError} that names the purpose of a missing table. */
export function requireTable(root: string, names: readonly string[], purpose: string): string {
  const path = findTable(root, names);
  if (path === undefined) {
    throw new DataError(`${names[0]}.csv.gz (or .csv) is missing; it holds ${purpose}`, { file: root });
  }
  return path;
}

/** Rejects a data directory that is missing, not a directory, or empty. */
export function requireDirectory(root: string): void {
  let empty = true;
  try {
    for (const _entry of Deno.readDirSync(root)) {
      empty = false;
      break;
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new DataError("there is no such data directory", { file: root });
    if (error instanceof Deno.errors.NotADirectory || /not a directory/i.test(String(error))) {
      throw new DataError("this is a file; a data directory is required", { file: root });
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new DataError("the data directory cannot be read: permission denied", { file: root });
    }
    throw nameFile(error, root);
  }
  if (empty) throw new DataError("the data directory is empty", { file: root });
}
