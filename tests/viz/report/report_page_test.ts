import assert from "node:assert/strict";
import { resultsSchema } from "../../../eval/results/results_schema.ts";
import { formatInterval, formatScore } from "../../../viz/report/markup/format.ts";
import { renderReport } from "../../../viz/report/report.ts";
import { browserSteps } from "../../browser.ts";
import { experimentFixture, singleRunFixture, validated } from "./fixture.ts";
import { accessibilityFaults, openReport, overflowing } from "./report_page.ts";

const browserStep = browserSteps("the page of a report");

const results = experimentFixture({ fractions: [0.1, 1], studies: 150 });
const published = [{ view: "frontal", label: "Edema", method: "mmvm", auroc: 0.863 }];
const html = renderReport(results, { published });
const single = renderReport(singleRunFixture());

/** A method's mean AUROC over seeds, formatted as on the page. */
function shown(at: { method: string; view: string; label: string | null; fraction: number }): string {
  const values = results.evaluations
    .filter((e) => e.method === at.method && e.view === at.view && e.labelledFraction === at.fraction)
    .map((e) => at.label === null ? e.macro.auroc.value! : e.metrics.find((m) => m.label === at.label)!.auroc.value!);
  return formatScore(values.reduce((sum, value) => sum + value, 0) / values.length);
}

browserStep("the report opens from a file without console errors or network requests", async (browser) => {
  for (const text of [html, single]) {
    await using report = await openReport(browser, text);
    assert.equal(await report.page.locator("main > section").count(), 8);
    for (const section of await report.page.locator("main > section h2").all()) assert.ok(await section.isVisible());
    await report.page.mouse.wheel(0, 20_000);
    assert.deepEqual(report.complaints, []);
    assert.deepEqual(report.requests, []);
  }
});

browserStep(
  "a column sorts from high to low, from low to high, and back; missing values stay last",
  async (browser) => {
    await using report = await openReport(browser, html);
    const table = report.page.locator("table.auroc").first();
    const labels = () => table.locator("tbody th").allTextContents();
    const before = await labels();
    const heading = table.locator('th[data-arm="5"]');
    const expected = (sign: number) =>
      results.data.labels.map((label, i) => ({
        label,
        value: i === 10 ? null : Number(shown({ method: "mmvm", view: "frontal", label, fraction: 1 })),
      }))
        .map((row) => row.value)
        .sort((a, b) => a === null || b === null ? Number(a === null) - Number(b === null) : sign * (a - b));
    const column = async () =>
      (await table.locator("tbody tr td:nth-of-type(8)").allTextContents()).map((text) =>
        text === "n/a" ? null : Number(text.slice(0, 5))
      );
    await heading.getByRole("button").click();
    assert.equal(await heading.getAttribute("aria-sort"), "descending");
    assert.deepEqual(await column(), expected(-1));
    await heading.getByRole("button").click();
    assert.equal(await heading.getAttribute("aria-sort"), "ascending");
    assert.deepEqual(await column(), expected(1));
    await heading.getByRole("button").click();
    assert.equal(await heading.getAttribute("aria-sort"), null);
    assert.deepEqual(await labels(), before);
  },
);

browserStep("intervals and published numbers can be shown and hidden", async (browser) => {
  await using report = await openReport(browser, html);
  const { page } = report;
  const interval = page.locator("td.value .interval").first();
  assert.equal(await interval.isVisible(), false);
  await page.getByLabel("95% intervals").check();
  assert.equal(await interval.isVisible(), true);
  await page.getByLabel("95% intervals").uncheck();
  assert.equal(await interval.isVisible(), false);
  const column = page.locator("td.published", { hasText: "0.863" });
  assert.equal(await column.isVisible(), false);
  await page.getByLabel("Published numbers").check();
  assert.equal(await column.isVisible(), true);
});

browserStep("selecting a labelled fraction updates the tables in place", async (browser) => {
  await using report = await openReport(browser, html);
  const { page } = report;
  const cell = page.locator("table.auroc").first().locator("tfoot td.value").nth(5);
  assert.match(
    await cell.textContent() ?? "",
    new RegExp(`^${shown({ method: "mmvm", view: "frontal", label: null, fraction: 1 })}`),
  );
  await page.locator("#slice").selectOption({ index: 1 });
  assert.match(
    await cell.textContent() ?? "",
    new RegExp(`^${shown({ method: "mmvm", view: "frontal", label: null, fraction: 0.1 })}`),
  );
  assert.match(await page.locator("#auroc .table-caption").first().textContent() ?? "", /10% of the labels/);
  await page.locator("table.auroc").first().locator("th button.sort").first().click();
  assert.deepEqual(report.complaints, []);
});

browserStep("hovering over or focusing a value shows its interval and every run", async (browser) => {
  await using report = await openReport(browser, html);
  const { page } = report;
  const tooltip = page.locator("#tooltip");
  const cell = page.locator("table.auroc").first().locator("tbody tr").first().locator("td.value").nth(0);
  await cell.hover();
  assert.ok(await tooltip.isVisible());
  const evaluations = results.evaluations.filter((e) =>
    e.method === "independent" && e.view === "frontal" && e.labelledFraction === 1
  );
  const text = await tooltip.textContent() ?? "";
  for (const { metrics } of evaluations) {
    const { value, low, high } = metrics[0]!.auroc;
    assert.ok(text.includes(`${formatScore(value)} (${formatInterval(low, high)})`), text);
  }
  await page.mouse.move(2, 2);
  assert.equal(await tooltip.isVisible(), false);
  await page.locator("table.auroc").first().locator("tbody td").first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  assert.match(await tooltip.textContent() ?? "", /Independent, Cardiomegaly, frontal/);
  await page.keyboard.press("End");
  assert.match(await tooltip.textContent() ?? "", /Supervised \(ensemble\), Cardiomegaly/);
  await page.keyboard.press("Home");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Cardiomegaly");
  await page.keyboard.press("Escape");
  assert.equal(await tooltip.isVisible(), false);
});

browserStep("the tables can be copied as CSV", async (browser) => {
  await using report = await openReport(browser, html, { permissions: ["clipboard-read", "clipboard-write"] });
  const { page } = report;
  const button = page.getByRole("button", { name: "Copy as CSV" });
  await button.click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const lines = (await page.evaluate(() => navigator.clipboard.readText())).trim().split(/\r?\n/);
  assert.equal(lines.length, 1 + 2 * 15);
  const edema = lines.find((line) => line.startsWith("Frontal,Edema,"))!;
  assert.ok(edema.includes(shown({ method: "mmvm", view: "frontal", label: "Edema", fraction: 1 })));
  assert.ok(edema.includes("0.863"));
});

browserStep(
  "a method of the key lights up when pointed at, and goes and comes when pressed, everywhere",
  async (browser) => {
    await using report = await openReport(browser, html);
    const { page } = report;
    const key = page.locator("#curves").getByRole("button", { name: "MMVM", exact: true });
    const own = page.locator("#curves .panels.view-0.kind-roc .arm-5").first();
    const other = page.locator("#curves .panels.view-0.kind-roc .arm-0").first();
    const opacity = (locator: typeof own) => locator.evaluate((element) => Number(getComputedStyle(element).opacity));
    await key.hover();
    await page.waitForFunction(() => getComputedStyle(document.querySelector("#curves .arm-0")!).opacity === "0.12");
    assert.equal(await opacity(own), 1);
    await page.mouse.move(2, 2);
    await key.focus();
    await page.keyboard.press("Enter");
    assert.equal(await key.getAttribute("aria-pressed"), "false");
    assert.equal(await own.isVisible(), false);
    assert.equal(await page.locator("#comparison .chart .arm-5").first().isVisible(), false);
    assert.ok(await other.isVisible());
    await page.keyboard.press("Enter");
    assert.ok(await own.isVisible());
  },
);

browserStep("views and kinds of curves can be switched by pointer and keyboard", async (browser) => {
  await using report = await openReport(browser, html);
  const { page } = report;
  const visible = () => page.locator(".panels:visible h4").allTextContents();
  assert.deepEqual(await visible(), ["ROC, frontal view"]);
  await page.getByLabel("Lateral", { exact: true }).check();
  assert.deepEqual(await visible(), ["ROC, lateral view"]);
  await page.locator('[data-choice="roc"]').focus();
  await page.keyboard.press("ArrowRight");
  assert.deepEqual(await visible(), ["Precision-recall, lateral view"]);
});

browserStep("a panel can be enlarged, read off, changed and closed with the keyboard alone", async (browser) => {
  await using report = await openReport(browser, html);
  const { page } = report;
  const dialog = page.locator("dialog");
  const panel = page.getByRole("button", { name: /^Enlarge ROC, frontal view: Edema/ });
  await panel.focus();
  await page.keyboard.press("Enter");
  assert.ok(await dialog.isVisible());
  assert.equal(await dialog.locator("h3").textContent(), "ROC, Edema, frontal view");
  assert.equal(await dialog.locator("tbody tr").count(), 8);
  const texts = await dialog.locator("tbody tr td:nth-of-type(1)").allTextContents();
  const aurocs = results.evaluations.filter((e) => e.view === "frontal" && e.labelledFraction === 1)
    .map((e) => e.metrics[3]!.auroc).map((a) => `${formatScore(a.value)} (${formatInterval(a.low, a.high)})`);
  for (const text of texts) assert.ok(aurocs.includes(text), text);
  const rates = () => dialog.locator("tbody tr td:nth-of-type(2)").allTextContents();
  await dialog.getByRole("slider").focus();
  await page.keyboard.press("End");
  assert.ok((await rates()).every((rate) => rate === "1.000"));
  await page.keyboard.press("Home");
  assert.ok((await rates()).every((rate) => Number(rate) < 0.7));
  await dialog.getByRole("button", { name: "Close" }).focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await dialog.locator("h3").textContent(), "ROC, Enlarged Cardiomediastinum, frontal view");
  await page.keyboard.press("Escape");
  assert.equal(await dialog.isVisible(), false);
  assert.equal(
    await page.evaluate(() => document.activeElement?.getAttribute("data-title")),
    "ROC, Edema, frontal view",
  );
  assert.deepEqual(report.complaints, []);
});

browserStep("selecting a label, baseline or run redraws the figures", async (browser) => {
  await using report = await openReport(browser, html);
  const { page } = report;
  await page.locator("#efficiency-row").selectOption("Edema");
  assert.match(await page.locator('[data-efficiency="0"] .axis-label-y').textContent() ?? "", /AUROC, Edema/);
  await page.locator("#forest-baseline").selectOption("mmvm");
  await page.locator("#forest-row").selectOption("Edema");
  assert.match(await page.locator('[data-forest="0"] thead').textContent() ?? "", /Against MMVM/);
  const row = page.locator('[data-forest="0"] tbody tr', { hasText: "Supervised (ensemble)" });
  const comparison = results.comparisons.find((c) =>
    c.view === "frontal" && c.label === "Edema" && c.labelledFraction === 1 && c.baseline === "mmvm" &&
    c.method === "supervised-ensemble"
  )!;
  const digits = Math.abs(comparison.difference.value!).toFixed(3);
  assert.ok((await row.locator("td.number").first().textContent() ?? "").includes(digits));
  await page.locator("#latents-label").selectOption("Pneumonia");
  assert.match(await page.locator("#latents .chart").first().getAttribute("aria-label") ?? "", /with Pneumonia/);
  const dots = () => page.locator("#latents .dots.positive").first().getAttribute("d");
  const before = await dots();
  await page.locator("#latents-run").selectOption("poe-s1");
  assert.notEqual(await dots(), before);
  assert.deepEqual(report.complaints, []);
});

browserStep("hovering over a projection names a study without its identifier", async (browser) => {
  await using report = await openReport(browser, html);
  const { page } = report;
  const chart = page.locator("#latents .chart").first();
  await chart.scrollIntoViewIfNeeded();
  const box = (await chart.boundingBox())!;
  const [, x, y] = /^M(\d+) (\d+)/.exec(await page.locator("#latents .dots.positive").first().getAttribute("d") ?? "")!;
  await page.mouse.move(box.x + Number(x) / 1000 * box.width, box.y + Number(y) / 1000 * box.height);
  assert.match(await page.locator("#tooltip").textContent() ?? "", /^test study \d+/);
});

for (const colorScheme of ["light", "dark"] as const) {
  browserStep(`axe finds no serious fault in ${colorScheme} mode, contrast included`, async (browser) => {
    for (const text of [html, single]) {
      await using report = await openReport(browser, text, { colorScheme });
      const { page } = report;
      await page.getByLabel("95% intervals").check();
      for (const details of await page.locator("details").all()) {
        await details.evaluate((element) => element.setAttribute("open", ""));
      }
      assert.deepEqual(await accessibilityFaults(page), []);
      await page.locator("button.panel:visible").first().click();
      assert.deepEqual(await accessibilityFaults(page), []);
    }
  });
}

browserStep("nothing overflows at 380, 1280 and 2560 pixels, with and without the script", async (browser) => {
  for (const text of [html, single]) {
    await using report = await openReport(browser, text);
    const { page } = report;
    for (const scripted of [false, true]) {
      await page.evaluate((scripted) => document.documentElement.classList.toggle("scripted", scripted), scripted);
      if (scripted) { for (const box of await page.locator("#auroc input").all()) await box.check(); }
      for (const width of [380, 1280, 2560]) {
        await page.setViewportSize({ width, height: 900 });
        assert.deepEqual(await overflowing(page), [], `${width} pixels, scripted: ${scripted}`);
      }
    }
  }
});

browserStep(
  "without scripts all tables and charts are there, and the switches of the style sheet work",
  async (browser) => {
    await using report = await openReport(browser, html, { javaScriptEnabled: false });
    const { page } = report;
    assert.equal(await page.locator("table.auroc:visible").count(), 2);
    assert.ok(await page.locator("#comparison .chart:visible").count() >= 2);
    assert.equal(await page.locator(".panels:visible").count(), 1);
    assert.ok(await page.locator(".panels:visible .curves .line:visible").count() >= 13 * 8);
    assert.ok(await page.locator("#training .chart:visible").count() >= 5);
    assert.ok(await page.locator("#latents .chart:visible").count() >= 2);
    assert.ok(await page.locator("#pictures img:visible").count() > 0);
    assert.equal(
      await page.locator("select:visible, #copy-csv:visible").count(),
      0,
      "what needs the script is not offered",
    );
    await page.getByLabel("95% intervals").check();
    assert.ok(await page.locator("td.value .interval").first().isVisible());
    await page.getByLabel("Lateral", { exact: true }).check({ force: true });
    assert.equal(await page.locator(".panels:visible h4").textContent(), "ROC, lateral view");
  },
);

browserStep("validations are dashed lines beside the training curves", async (browser) => {
  const results = validated(singleRunFixture({ studies: 40 }));
  await using report = await openReport(browser, renderReport(results));
  const lines = report.page.locator("#training .line.validation");
  assert.equal(await lines.count(), 3 + 2 + 2 + 1 + 2 + 2);
  assert.match(await lines.first().evaluate((line) => getComputedStyle(line).strokeDasharray), /^4(px)?, 2(px)?$/);
  assert.ok((await lines.first().boundingBox())!.width > 20);
});

browserStep("a hostile label is inert in the page, in tooltips and in redrawn figures", async (browser) => {
  const hostile = `</script><img src=x onerror="globalThis.hacked=1"><svg onload="globalThis.hacked=1">`;
  const base = singleRunFixture({
    labels: [hostile, `${hostile}2`, "Edema"],
    methods: ["poe", "mmvm"],
    fractions: [0.1, 1],
    studies: 60,
  });
  const text = renderReport(resultsSchema.parse({ ...base, title: hostile }), { includeIds: true });
  await using report = await openReport(browser, text);
  const { page } = report;
  assert.equal(await page.locator("h1").textContent(), hostile);
  await page.locator("td.value").first().hover();
  assert.ok((await page.locator("#tooltip").textContent() ?? "").includes(hostile));
  for (const id of ["#slice", "#efficiency-row", "#forest-row", "#latents-label"]) {
    await page.locator(id).selectOption({ index: 1 });
  }
  await page.locator("button.panel:visible").first().click();
  assert.ok((await page.locator("dialog h3").textContent() ?? "").includes(hostile));
  assert.equal(await page.locator("img[src=x]").count(), 0);
  assert.equal(await page.evaluate(() => (globalThis as { hacked?: number }).hacked), undefined);
  assert.deepEqual(report.complaints, []);
});

browserStep("the Content-Security-Policy blocks a script and a style added to the file", async (browser) => {
  const tampered = single.replace(
    "<h1>",
    '<h1 style="color:red" onclick="globalThis.hacked=1"><script>globalThis.hacked=1</script>',
  );
  await using report = await openReport(browser, tampered);
  await report.page.locator("h1").click();
  assert.equal(await report.page.evaluate(() => (globalThis as { hacked?: number }).hacked), undefined);
  assert.notEqual(await report.page.locator("h1").evaluate((h1) => getComputedStyle(h1).color), "rgb(255, 0, 0)");
  assert.ok(report.complaints.some((text) => /Content Security Policy/.test(text)));
});

browserStep("printing shows everything that controls can hide, on white even in dark mode", async (browser) => {
  await using report = await openReport(browser, html, { colorScheme: "dark" });
  const { page } = report;
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.equal(await page.locator(".panels:visible").count(), 8);
  assert.equal(await page.locator("nav:visible, #copy-csv:visible, select:visible").count(), 0);
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await page.locator("details:not([open])").count(), 0);
});
