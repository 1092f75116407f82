/**
 * Loaded before the program, see {@linkcode Fault}: writing to a file in `directory` writes what fits and then fails as on a full disk, once
 * all files there have `bytes` together.
 */
import { join, resolve } from "node:path";

const parameters = new URL(import.meta.url).searchParams;
const directory = parameters.get("directory")!;
const bytes = Number(parameters.get("bytes"));

function used(folder: string): number {
  return Deno.readDirSync(folder).reduce((total, { name, isDirectory }) => {
    const path = join(folder, name);
    return total + (isDirectory ? used(path) : Deno.statSync(path).size);
  }, 0);
}

const inside = new WeakSet<Deno.FsFile>();
const { open } = Deno;
Deno.open = async (file, options) => {
  const opened = await open(file, options);
  if (resolve(String(file)).startsWith(directory)) inside.add(opened);
  return opened;
};

const { write } = Deno.FsFile.prototype;
Deno.FsFile.prototype.write = async function (data) {
  if (!inside.has(this)) return await write.call(this, data);
  const left = bytes - used(directory);
  if (left <= 0 && data.length > 0) {
    throw Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
  }
  return await write.call(this, data.subarray(0, left));
};
