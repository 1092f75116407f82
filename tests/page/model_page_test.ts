import assert from "node:assert/strict";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { ImageDecoder } from "../../data/image/decode_image.ts";
import { preprocess } from "../../data/image/preprocess.ts";
import { browserTest } from "../browser.ts";
import { accessibilityFaults, openReport, overflowing } from "../viz/report/report_page.ts";
import { pixelsOf } from "./canvas_pixels.ts";
import { type ExportedRun, exportSmallRun } from "./exported_run.ts";

const SIDE = 32;
const WAIT = { timeout: 120_000 };

/** A test study with one pair, whose score in results.json is that of this pair alone. */
function testPair({ rows }: ExportedRun): { row: number; study: string; images: readonly string[] } {
  const count = Map.groupBy(rows, ([, , , study]) => study);
  const row = rows.findIndex(([, split, , study, frontal, lateral]) =>
    split === "test" && frontal && lateral && count.get(study)!.length === 1
  );
  assert.ok(row >= 0, "no test study has a single pair");
  const [, , subject, study, ...images] = rows[row]!;
  return { row, study: study!, images: images.slice(0, 2).map((id) => imageFile(subject!, { study: study!, id })) };
}

function imageFile(subject: string, { study, id }: { study: string; id: string }): string {
  return join("files", `p${subject.slice(0, 2)}`, `p${subject}`, `s${study}`, `${id}.jpg`);
}

async function opened(page: Page): Promise<void> {
  await page.waitForSelector("#model-app[data-ready]", WAIT);
  assert.equal(await page.locator("#model-fallback").isVisible(), false);
}

/** Waits until the model has run, or says why it did not. */
async function encoded(page: Page): Promise<void> {
  await page.waitForFunction(
    () => {
      const text = document.querySelector("#model-app .status-text")?.textContent ?? "";
      return text.startsWith("Encoded") || document.querySelector("#model-app [role=alert]:not([hidden])") !== null;
    },
    undefined,
    WAIT,
  );
  assert.equal(await page.locator("#model-app [role=alert]:not([hidden])").count(), 0);
}

/** Checks the pictures, latents and scores of the page against the tasks' files. */
async function checkStudy(page: Page, run: ExportedRun): Promise<void> {
  const { row, study, images } = testPair(run);
  for (const [m, view] of ["frontal", "lateral"].entries()) {
    const part = `[data-results="${view}"]`;
    const decoded = await new ImageDecoder().decode(await Deno.readFile(join(run.data, images[m]!)));
    const prepared = preprocess(decoded, { size: SIDE, preprocessing: "radiograph" });
    assert.deepEqual(await pixelsOf(page, `${part} canvas`), [...prepared], `${view}: prepared bytes`);

    await page.locator(`${part} summary`).click();
    const numbers = await page.locator(`${part} table.numbers td:nth-of-type(1)`).allTextContents();
    const mu = run.latents.get(`mu.${view}`)!;
    const width = numbers.length;
    numbers.forEach((text, i) => {
      const want = mu[row * width + i]!;
      assert.ok(Math.abs(Number(text) - want) < 1e-4, `${view}, dimension ${i}: ${text}, but encode gave ${want}`);
    });

    const evaluation = run.results.evaluations.find((one) => one.view === view)!;
    const cases = run.results.cases.find(({ id }) => id === evaluation.cases)!;
    const at = cases.studyIds.indexOf(study);
    const rows = page.locator(`${part} table.scores tbody tr`);
    assert.equal(await rows.count(), run.results.data.labels.length);
    let compared = 0;
    for (const [i, scores] of evaluation.scores.entries()) {
      const cell = rows.nth(i).locator("[data-probability]");
      if (scores === null) {
        assert.equal(await cell.count(), 0, run.results.data.labels[i]);
        continue;
      }
      const p = Number(await cell.getAttribute("data-probability"));
      assert.ok(Math.abs(p - scores[at]!) < 1e-3, `${view}, label ${i}: ${p}, but results.json has ${scores[at]}`);
      compared++;
    }
    assert.ok(compared > 3);
    assert.ok((await page.locator(`${part} blockquote`).textContent())!.length > 0, "no translation to text");
  }
}

/** Moves the slider by its keys, and checks that the score rises with it and the pictures follow. */
async function checkSlider(page: Page): Promise<void> {
  const slider = page.locator("#move-by");
  const score = async () => Number(await page.locator("#move-score").getAttribute("data-score"));
  const before = await pixelsOf(page, "#moved canvas");
  await slider.focus();
  await page.keyboard.press("Home");
  let last = await score();
  for (let step = 0; step < 20; step++) {
    // Single steps, then a tenth of the range at a time.
    await page.keyboard.press(step < 10 ? "ArrowRight" : "PageUp");
    if (step > 10 && await slider.inputValue() === "4") break;
    const now = await score();
    assert.ok(now > last, `step ${step}: ${now} after ${last}`);
    last = now;
  }
  assert.equal(await slider.inputValue(), "4");
  assert.match((await slider.getAttribute("aria-valuetext"))!, /^4\.0 standard deviations, .+: 0\.\d{3}|1\.000$/);
  await page.waitForFunction(
    (before) => {
      const canvas = document.querySelector<HTMLCanvasElement>("#moved canvas")!;
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      return before.some((gray, i) => gray !== data[4 * i]);
    },
    before,
    WAIT,
  );
}

browserTest("a page with a model gives what the tasks give, and asks for nothing", async (browser) => {
  const folder = await Deno.makeTempDir();
  try {
    const run = await exportSmallRun(folder);
    assert.match(run.printed, /^float16 weights, frontal: macro \d+\.\d\d with the run's weights, \d+\.\d\d with/);
    await using report = await openReport(browser, run.page);
    const { page } = report;
    await opened(page);
    assert.match((await page.locator("#model .card").textContent())!, /latents and scores are the run's own/);
    assert.match((await page.locator(".page > header > p").first().textContent())!, /^Not for clinical use/);
    const files = testPair(run).images.map((image) => join(run.data, image));
    // Both at once, as if they had been dropped on the form.
    const contents = await Promise.all(files.map(async (file) => (await Deno.readFile(file)).toBase64()));
    await page.locator(".study-form").evaluate((form, contents) => {
      const dataTransfer = new DataTransfer();
      for (const content of contents) {
        const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
        dataTransfer.items.add(new File([bytes], "picture.jpg"));
      }
      form.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
    }, contents);
    await encoded(page);
    await checkStudy(page, run);
    await checkSlider(page);
    assert.match((await page.locator(".near li").first().textContent())!, /Distance 0\.00/, "it is in the cohort");
    assert.deepEqual(await accessibilityFaults(page), []);
    await page.setViewportSize({ width: 320, height: 700 });
    assert.deepEqual(await overflowing(page), []);
    await page.emulateMedia({ colorScheme: "dark" });
    assert.deepEqual(await accessibilityFaults(page, ["wcag2aa"]), []);
    assert.deepEqual([report.complaints, report.requests], [[], []]);

    await using other = await openReport(browser, run.into);
    await opened(other.page);
    assert.equal(await other.page.locator("main > section").count(), 9);
    assert.equal(await other.page.locator("main > section").last().getAttribute("id"), "model");
    assert.deepEqual([other.complaints, other.requests], [[], []]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
