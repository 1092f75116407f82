import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { buildSite } from "../../docs/build/build_site.ts";
import { bundleScript, denoDoc } from "../../docs/build/main.ts";
import { GUIDE_PAGES } from "../../docs/build/pages.ts";
import { browserTest } from "../browser.ts";
import { projectFiles, readSource } from "../architecture/source_files.ts";
import { ROOT } from "../process.ts";
import { accessibilityFaults } from "../viz/report/report_page.ts";

const style = readSource("docs/build/site.css");
const site = await buildSite({ root: ROOT, denoDoc, script: await bundleScript(), style });

/** The HTML of a page. */
function html(path: string): string {
  return site.get(path) as string;
}

Deno.test("the site has every guide and every exported symbol", () => {
  for (const { path } of GUIDE_PAGES) assert.match(html(path), /<h1 id=/, path);
  assert.match(html("api/runtime.html"), /<section class="symbol" id="matmul"><h3>matmul<\/h3>/);
  assert.match(html("api/models.html"), /id="layers-linear"><h3>layers\.linear<\/h3>\n<pre[^>]*>.*scope.*Scope/);
  for (const [path, text] of site) {
    if (path.startsWith("api/")) assert.doesNotMatch(text as string, /\{@link/, path);
  }
});

Deno.test("pages need no network", () => {
  for (const [path, text] of site) {
    if (typeof text !== "string" || !path.endsWith(".html")) continue;
    const loaded = [...text.matchAll(/<(?:script|link|img)\b[^>]*(?:src|href)="([^"]*)"/g)].map(([, target]) =>
      target!
    );
    assert.deepEqual(loaded.filter((target) => /^https?:|^\/\//.test(target)), [], path);
  }
});

Deno.test("every error that the FAQ quotes is in the program", () => {
  const quoted = [...readSource("docs/faq.md").matchAll(/^\*\*`([^`]+)`/gm)].map(([, text]) => text!);
  assert.ok(quoted.length > 8);
  const sources = projectFiles().filter((path) => /^(base|cli|data|eval|runtime|training)\/.*\.ts$/.test(path))
    .map(readSource).join("\n");
  assert.deepEqual(quoted.filter((text) => !text.split(/\bN\b/).every((part) => sources.includes(part.trim()))), []);
});

browserTest("pages fit three widths, light and dark, and are accessible; the search finds", async (browser) => {
  const folder = await Deno.makeTempDir({ prefix: "mmvm_site_" });
  try {
    for (const [path, content] of site) {
      await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
      await Deno.writeFile(
        join(folder, path),
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
    }
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("requestfailed", (request) => {
      // axe reads the style sheets again, which pages from a disk may not.
      if (request.resourceType() !== "xhr") complaints.push(request.url());
    });
    for (const [width, colorScheme] of [[360, "light"], [820, "dark"], [1400, "light"]] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      for (const path of ["index.html", "methods.html", "engine.html", "open_data.html", "api/phantoms.html"]) {
        await page.goto(`file://${join(folder, path)}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.equal(wide, 0, `${path} at ${width}`);
        assert.deepEqual(await accessibilityFaults(page), [], `${path} at ${width}`);
      }
    }
    await page.keyboard.press("/");
    await page.keyboard.type("soft sharing");
    await page.getByRole("option").first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/methods\.html#mmvm-soft-sharing-mmvm$/);
    assert.deepEqual(complaints, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
