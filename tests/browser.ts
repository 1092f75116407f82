/**
 * Tests in headless Chromium. They are skipped if no browser starts; `deno task test` lists skipped tests by name.
 *
 * @module
 */
import fs from "node:fs";
import type { Browser } from "playwright-core";
import { findBrowser } from "../cli/setup/find_browser.ts";
import { thisHost } from "../cli/setup/host.ts";

const found = await findBrowser(await thisHost());

/**
 * Loads Playwright, which on import reads a file in /proc to detect the Windows Subsystem for Linux. Deno denies that
 * to processes without all permissions and throws, where Playwright expects a missing file.
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

/** Flags that enable WebGPU in headless Chromium, on its software adapter. */
const FLAGS = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** Milliseconds that anything in a browser may take: Playwright's own 30 s are too few on a loaded machine. */
const TIMEOUT = 180_000;

/**
 * Registers a test with a new browser, which is always closed afterwards.
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
  Deno.test({ name, ignore: found === null, fn: () => withBrowser(body) });
}

/**
 * Registers a test whose steps share a browser: starting one takes longer than most steps. Pages and contexts are each
 * step's own to close.
 *
 * @returns A function that adds a step, to be called like {@linkcode browserTest}.
 */
export function browserSteps(name: string): typeof browserTest {
  const steps: Deno.TestStepDefinition[] = [];
  let shared: Browser;
  Deno.test({
    name,
    ignore: found === null,
    fn: (context) =>
      withBrowser(async (browser) => {
        shared = browser;
        for (const step of steps) await context.step(step);
      }),
  });
  return (name, body) => {
    // The connection to the browser outlives a step; the test as a whole is held to have closed it.
    steps.push({ name, sanitizeOps: false, sanitizeResources: false, fn: () => body(shared) });
  };
}

async function withBrowser(body: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await chromium.launch({
    executablePath: found!.program,
    args: FLAGS,
    // Chromium's sandbox does not start as root, for example in containers; the pages are trusted.
    chromiumSandbox: false,
    timeout: TIMEOUT,
  });
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await newContext(options);
    context.setDefaultTimeout(TIMEOUT);
    return context;
  };
  try {
    await body(browser);
  } finally {
    await browser.close();
  }
}
