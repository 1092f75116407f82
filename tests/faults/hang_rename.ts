/** Loaded before the program, see {@linkcode Fault}: renaming to `path` (a pattern) never ends. Signals are still handled. */
const pattern = new RegExp(new URL(import.meta.url).searchParams.get("path")!);
const { rename } = Deno;
Deno.rename = async (from, to) => {
  if (!pattern.test(String(to))) return await rename(from, to);
  console.error("HANGING");
  await new Promise((resolve) => setTimeout(resolve, 600_000));
};
