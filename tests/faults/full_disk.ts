/**
 * Preload module (see {@linkcode Fault}): once the files in `directory` total `bytes`, writes fail with ENOSPC, as on a
 * full disk.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { interceptFileCalls, systemError } from "./file_calls.ts";

const parameters = new URL(import.meta.url).searchParams;
const directory = parameters.get("directory")!;
const bytes = Number(parameters.get("bytes"));
const { readDirSync, statSync } = Deno;

function used(folder: string): number {
  return [...readDirSync(folder)].reduce((total, { name, isDirectory }) => {
    const path = join(folder, name);
    return total + (isDirectory ? used(path) : statSync(path).size);
  }, 0);
}

interceptFileCalls(({ kind, path }) =>
  kind === "write" && resolve(path).startsWith(directory) && used(directory) >= bytes
    ? { error: systemError("ENOSPC") }
    : undefined
);
