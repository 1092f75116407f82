import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { browserTest } from "../browser.ts";
import { bundleTests, PAGE_SCRIPT, ROOT } from "./bundle.ts";
import type { Outcome, TestPage } from "./page.ts";

/** Time limit per test file: a shader that takes a browser's driver minutes to compile is a failure too. */
const LIMIT_SECONDS = 600;
const PAGE = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="${PAGE_SCRIPT}"></script>`;

/**
 * Excluded tests: those that need the file system; those that need `shader-f16` or more than ten storage buffers,
 * which Chromium's software driver lacks; and those that time all variants of a kernel. That driver takes minutes to
 * compile some variants, which is why the engine avoids them in browsers (see `runtime/device/platform.ts`). Results at
 * infinity and NaN are left to the implementation by WGSL, and Chromium's differ from lavapipe's.
 */
const EXCLUDED = [
  "checkpoint_test.ts",
  "half_storage_test.ts",
  "kernel_tuner_test.ts",
  "non_finite_test.ts",
  "twin_commands_test.ts",
];

/** A test of another file that may fail, for the last reason. */
const AT_INFINITY = "aggregate() of infinite log variances gives the formula's limits";

/** The test files of a folder. */
function testsOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith("_test.ts") && !EXCLUDED.includes(name))
    .map((name) => `${folder}/${name}`).sort();
}

/**
 * Runs test files in one page, where they share compiled kernels, and asserts that all of their tests pass. A timeout
 * aborts all remaining files, because the GPU process may stay busy for minutes.
 */
async function passesInBrowser(browser: Browser, files: readonly string[], query = ""): Promise<void> {
  const bundles = await bundleTests(files);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/") return respond(PAGE, "text/html");
    if (pathname === "/tests/golden/ops.safetensors") {
      return new Response(new Uint8Array(await readFile(join(ROOT, pathname))));
    }
    const script = bundles.get(pathname);
    return script === undefined ? new Response("", { status: 404 }) : respond(script, "text/javascript");
  });
  const page = await browser.newPage();
  try {
    await page.goto(`http://127.0.0.1:${server.addr.port}/${query}`);
    const failures: string[] = [];
    for (const file of files) {
      const outcomes = await runFile(page, file);
      if (outcomes.length === 0) failures.push(`${file} registered no test`);
      for (const { name, error } of outcomes) {
        if (error && name !== AT_INFINITY) failures.push(`${file}: ${name}\n${error}`);
      }
    }
    assert.equal(failures.join("\n\n"), "");
  } finally {
    await page.close();
    await server.shutdown();
  }
}

function respond(text: string, type: string): Response {
  return new Response(text, { headers: { "content-type": `${type}; charset=utf-8` } });
}

async function runFile(page: Page, file: string): Promise<Outcome[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<void>((resolve) => timer = setTimeout(resolve, LIMIT_SECONDS * 1000));
  try {
    const running = page.evaluate(
      (bundle) => (globalThis as unknown as TestPage).runTests(bundle),
      `/${file.replace(/\.ts$/, ".js")}`,
    );
    const outcomes = await Promise.race([running, limit]);
    if (outcomes) return outcomes;
    running.catch(() => {}); // the page is closed while it runs
    const name = await page.evaluate(() => (globalThis as unknown as TestPage).currentTest).catch(String);
    throw new Error(`${file}: ${name}: still running after ${LIMIT_SECONDS} s`);
  } finally {
    clearTimeout(timer);
  }
}

browserTest("the engine's tests pass in a browser: golden values, graphs, plans, programs", async (browser) => {
  const folders = ["files", "graph", "kernels", "plan", "program"].map((name) => `tests/runtime/${name}`);
  await passesInBrowser(browser, ["tests/runtime", ...folders].flatMap(testsOf));
});

browserTest("the engine's tests pass in a browser: errors, lost devices", async (browser) => {
  await passesInBrowser(browser, testsOf("tests/runtime/device"), "?own-devices");
});

browserTest("the engine's tests pass in a browser: ops and optimisers", async (browser) => {
  await passesInBrowser(browser, [...testsOf("tests/runtime/ops"), ...testsOf("tests/runtime/optimizers")]);
});

browserTest("the engine's tests pass in a browser: generated kernels, statistics, random numbers", async (browser) => {
  const families = ["numerics/finite", "norm/norm", "pointwise/pointwise", "random/random", "reduce/reduce"];
  await passesInBrowser(browser, families.map((family) => `tests/shaders/${family}_test.ts`));
});
