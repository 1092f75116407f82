/**
 * Preload module (see {@linkcode Fault}): renaming a file to `path` (a pattern) hangs. Signals are still handled.
 *
 * @module
 */
const pattern = new RegExp(new URL(import.meta.url).searchParams.get("path")!);
const { rename } = Deno;
Deno.rename = async (from, to) => {
  if (!pattern.test(String(to))) return await rename(from, to);
  console.error("HANGING");
  await new Promise((resolve) => setTimeout(resolve, 600_000));
};
