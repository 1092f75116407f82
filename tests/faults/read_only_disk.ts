/**
 * Preload module (see {@linkcode Fault}): no file in `directory` can be opened for writing (EROFS).
 *
 * @module
 */
import { resolve } from "node:path";
import { interceptFileCalls, systemError } from "./file_calls.ts";

const directory = new URL(import.meta.url).searchParams.get("directory")!;

interceptFileCalls(({ path, writes }) =>
  writes && resolve(path).startsWith(directory) ? { error: systemError("EROFS", path) } : undefined
);
