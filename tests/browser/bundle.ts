/**
 * Bundles test files of the engine for browsers.
 *
 * @module
 */
import { build, stop } from "esbuild";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this checkout. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Where the page's own script is, after bundling. */
export const PAGE_SCRIPT = "/tests/browser/page.js";

/**
 * Bundles tests.
 *
 * @param files Paths from the project's root, `tests/runtime/program/program_test.ts` say.
 * @returns Texts by the path under which they are to be served; that of a test file is its own with `.js` at its end.
 */
export async function bundleTests(files: readonly string[]): Promise<Map<string, string>> {
  try {
    const { outputFiles } = await build({
      absWorkingDir: ROOT,
      entryPoints: ["tests/browser/page.ts", ...files],
      outbase: ".",
      outdir: "/",
      bundle: true,
      // What the tests share is loaded once, and stays apart from them: stack traces tell the engine from its users.
      splitting: true,
      chunkNames: "engine/[hash]",
      format: "esm",
      target: "esnext",
      write: false,
      logLevel: "silent",
      loader: { ".wgsl": "text" },
      alias: {
        "node:assert/strict": join(ROOT, "tests/browser/assert.ts"),
        "node:path": join(ROOT, "tests/browser/path.ts"),
      },
      define: { "Deno.test": "testInBrowser", "Deno.readFile": "readFileInBrowser" },
    });
    return new Map(outputFiles.map(({ path, text }) => [path, text]));
  } finally {
    await stop();
  }
}
