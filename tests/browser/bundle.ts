/**
 * Bundles the engine's test files for browsers.
 *
 * @module
 */
import { build, stop } from "esbuild";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's root folder. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** URL path of the bundled page script. */
export const PAGE_SCRIPT = "/tests/browser/page.js";

/**
 * Bundles tests.
 *
 * @param files Paths relative to the project's root, such as `tests/runtime/program/program_test.ts`.
 * @returns Bundles by the URL path at which to serve them; a test file's path is its own with the extension `.js`.
 */
export async function bundleTests(files: readonly string[]): Promise<Map<string, string>> {
  try {
    const { outputFiles } = await build({
      absWorkingDir: ROOT,
      entryPoints: ["tests/browser/page.ts", ...files],
      outbase: ".",
      outdir: "/",
      bundle: true,
      // Shared modules are loaded once and kept in files of their own, so that stack traces distinguish the engine from
      // tests. The engine takes everything in the folder above its modules for its own.
      splitting: true,
      chunkNames: "engine/modules/[hash]",
      format: "esm",
      target: "esnext",
      write: false,
      logLevel: "silent",
      loader: { ".wgsl": "text" },
      alias: {
        "node:assert/strict": join(ROOT, "tests/browser/assert.ts"),
        "node:path": join(ROOT, "tests/browser/path.ts"),
      },
      plugins: [{
        name: "files over HTTP",
        setup: ({ onResolve }) =>
          onResolve({ filter: /\/regular_file\.ts$/ }, () => ({ path: join(ROOT, "tests/browser/regular_file.ts") })),
      }],
      define: { "Deno.test": "testInBrowser", "Deno.readFile": "readFileInBrowser" },
    });
    return new Map(outputFiles.map(({ path, text }) => [path, text]));
  } finally {
    await stop();
  }
}
