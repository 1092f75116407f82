/**
 * Opens a report in headless Chromium, for the tests of the page.
 *
 * @module
 */
import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** A report opened from a file, as a reader opens it, with what the browser reported. */
export interface OpenedReport extends AsyncDisposable {
  readonly page: Page;
  /** Console errors and warnings, including violations of the Content-Security-Policy, and uncaught exceptions. */
  readonly complaints: string[];
  /** URLs that the page requested, except its own. */
  readonly requests: string[];
}

/** Opens a report in a new browser context. */
export async function openReport(
  browser: Browser,
  html: string,
  options: BrowserContextOptions = {},
): Promise<OpenedReport> {
  const file = await Deno.makeTempFile({ suffix: ".html" });
  await Deno.writeTextFile(file, html);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (request.url() !== `file://${file}` && !request.url().startsWith("data:")) requests.push(request.url());
  });
  await page.goto(`file://${file}`);
  return {
    page,
    complaints,
    requests,
    async [Symbol.asyncDispose]() {
      await context.close();
      await Deno.remove(file);
    },
  };
}

/** Returns axe's serious and critical violations, each with the elements concerned; `tags` restricts the rules. */
export async function accessibilityFaults(page: Page, tags?: readonly string[]): Promise<string[]> {
  // Not added as a script element: the page's Content-Security-Policy would block it.
  await page.evaluate(axe.source);
  return await page.evaluate(async (only) => {
    const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
    const results = await axe.run(document, only === null ? {} : { runOnly: { type: "tag", values: [...only] } });
    return results.violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" | ")}`);
  }, tags ?? null);
}

/** Elements that overflow the window to the right, except those inside scrollable regions. */
export function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const found = Array.from(document.querySelectorAll("body *")).filter((element) => {
      if (element.closest(".scroll, pre, dialog, .skip, .visually-hidden") !== null) return false;
      const { right, width: own } = element.getBoundingClientRect();
      return own > 0 && right > width + 1;
    });
    const page = document.documentElement.scrollWidth > width ? ["the page scrolls sideways"] : [];
    return [...page, ...found.slice(0, 5).map((element) => element.outerHTML.slice(0, 160))];
  });
}
