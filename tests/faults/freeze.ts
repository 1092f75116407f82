/**
 * Loaded before the program, see {@linkcode Fault}: stops the process dead at a chosen access to a file, says so on standard error, and
 * waits to be killed.
 *
 * Parameters: `call` (`open`, `write`, `sync`, `rename`, `remove` or `append`), `path` (a pattern), `nth` (which of the calls that match,
 * from 1), `when` (`before`, `half` way through what is written, or `after`).
 */
const { call = "", path = "", nth = "1", when = "before" } = Object.fromEntries(
  new URL(import.meta.url).searchParams,
);
const pattern = new RegExp(path);
let left = Number(nth);

function isTheOne(name: string, file: string): boolean {
  return name === call && pattern.test(file) && --left === 0;
}

function freeze(): void {
  console.error("FROZEN");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Wraps an asynchronous function of one path, the first argument or that at `index`. */
function wrap<A extends unknown[], R>(
  name: string,
  original: (...args: A) => Promise<R>,
  index = 0,
): (...args: A) => Promise<R> {
  return async (...args) => {
    const chosen = isTheOne(name, String(args[index]));
    if (chosen && when === "before") freeze();
    const result = await original(...args);
    if (chosen) freeze();
    return result;
  };
}

const paths = new WeakMap<Deno.FsFile, string>();
const open = wrap("open", Deno.open);
Deno.open = async (file, options) => {
  const opened = await open(file, options);
  paths.set(opened, String(file));
  return opened;
};
Deno.rename = wrap("rename", Deno.rename, 1);
Deno.remove = wrap("remove", Deno.remove);

const { write, sync } = Deno.FsFile.prototype;
Deno.FsFile.prototype.write = async function (data) {
  const chosen = isTheOne("write", paths.get(this) ?? "");
  if (chosen && when === "before") freeze();
  const written = await write.call(this, chosen && when === "half" ? data.subarray(0, data.length / 2) : data);
  if (chosen) freeze();
  return written;
};
Deno.FsFile.prototype.sync = async function () {
  const chosen = isTheOne("sync", paths.get(this) ?? "");
  if (chosen && when === "before") freeze();
  await sync.call(this);
  if (chosen) freeze();
};

const append = Deno.writeTextFileSync;
Deno.writeTextFileSync = (file, text, options) => {
  const chosen = isTheOne("append", String(file));
  if (chosen && when === "before") freeze();
  append(file, chosen && when === "half" ? text.slice(0, text.length / 2) : text, options);
  if (chosen) freeze();
};
