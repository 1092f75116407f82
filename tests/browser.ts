/**
 * Tests in a real browser, headless. Where none starts they are skipped, and `deno task test` lists them by name.
 *
 * @module
 */
import fs from "node:fs";
import type { Browser } from "playwright-core";
import { findBrowser } from "../cli/setup/find_browser.ts";
import { thisHost } from "../cli/setup/host.ts";

const found = await findBrowser(await thisHost());

/**
 * Playwright asks when it is loaded, by a file under /proc, whether it is in Windows' Linux. Deno lets only a process with every
 * permission see those, and throws where the answer could be no.
 */
async function loadPlaywright() {
  const { existsSync } = fs;
  fs.existsSync = (path) => !String(path).startsWith("/proc/") && existsSync(path);
  try {
    return await import("playwright-core");
  } finally {
    fs.existsSync = existsSync;
  }
}

const { chromium } = await loadPlaywright();

/** Flags with which headless Chromium offers WebGPU, on its own software adapter. */
const FLAGS = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/**
 * Registers a test that gets a fresh browser, closed after it however it ends.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { browserTest } from "./browser.ts";
 *
 * browserTest("the page has a heading", async (browser) => {
 *   const page = await browser.newPage();
 *   await page.setContent("<h1>Report</h1>");
 *   assert.equal(await page.locator("h1").textContent(), "Report");
 * });
 * ```
 */
export function browserTest(name: string, body: (browser: Browser) => Promise<void>): void {
  Deno.test({
    name,
    ignore: found === null,
    async fn() {
      const browser = await chromium.launch({
        executablePath: found!.program,
        args: FLAGS,
        // Chromium's own sandbox does not start as root, in containers for example; the pages are our own.
        chromiumSandbox: false,
      });
      try {
        await body(browser);
      } finally {
        await browser.close();
      }
    },
  });
}
