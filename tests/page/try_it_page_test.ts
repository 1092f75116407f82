import assert from "node:assert/strict";
import { browserTest } from "../browser.ts";
import { openReport } from "../viz/report/report_page.ts";
import { pixelsOf } from "./canvas_pixels.ts";
import { tinyPage } from "./tiny_page.ts";

const WAIT = { timeout: 120_000 };

browserTest(
  "Try it trains in the page: the loss falls and is drawn, pictures are, and it can be stopped",
  async (browser) => {
    await using report = await openReport(browser, tinyPage("run"));
    const { page } = report;
    await page.waitForSelector("#model-app[data-ready]", WAIT);
    const part = page.locator("[aria-labelledby=try-title]");
    const button = part.getByRole("button");
    const status = part.getByRole("status");
    assert.equal(await part.locator("canvas:visible, .loss-chart").count(), 0);
    await button.focus();
    await page.keyboard.press("Enter");
    assert.equal(await button.textContent(), "Stop");
    await status.filter({ hasText: /^Step \d+, \d+ studies, loss \d+\.\d, \d+ s left$/ }).waitFor(WAIT);
    assert.ok(Number(await part.getByRole("progressbar").getAttribute("value")) >= 0);
    await page.keyboard.press("Enter");
    await button.filter({ hasText: "Try it" }).waitFor(WAIT);
    const said = /^(\d+) steps on (\d+) studies: the loss went from (\d+\.\d) to (\d+\.\d)\.$/.exec(
      (await status.textContent())!,
    );
    const [, steps, studies, first, last] = said!.map(Number) as [number, number, number, number, number];
    assert.ok(steps >= 10 && studies > 16, said![0]);
    assert.ok(last < 0.97 * first, said![0]);
    assert.match((await part.locator(".loss-chart").getAttribute("aria-label"))!, /loss/i);
    assert.equal(await part.locator("canvas:visible").count(), 6);
    for (let i = 0; i < 6; i++) {
      const pixels = await pixelsOf(page, `[aria-labelledby=try-title] canvas >> nth=${i}`);
      assert.ok(new Set(pixels).size > 5, `picture ${i} is blank`);
    }
    assert.deepEqual([report.complaints, report.requests], [[], []]);
  },
);
