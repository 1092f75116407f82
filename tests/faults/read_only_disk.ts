/** Loaded before the program, see {@linkcode Fault}: no file in `directory` can be opened for writing, as on a file system that is read-only. */
import { resolve } from "node:path";

const directory = new URL(import.meta.url).searchParams.get("directory")!;
const { open } = Deno;
Deno.open = async (file, options) => {
  if (options?.write && resolve(String(file)).startsWith(directory)) {
    throw Object.assign(new Error(`Read-only file system (os error 30): open '${file}'`), { code: "EROFS" });
  }
  return await open(file, options);
};
