/**
 * The page of evidence that is committed: it is what the records make, and readable everywhere.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { main } from "../../../cli/evidence.ts";
import { readSource } from "../../architecture/source_files.ts";
import { browserTest } from "../../browser.ts";
import { ROOT } from "../../process.ts";
import { accessibilityFaults, openReport, overflowing } from "../report/report_page.ts";

const RESULTS = join(ROOT, "docs", "results");
const html = readSource("docs/results/index.html");

Deno.test("the committed page is what its records make, and its reports are beside it", async () => {
  const out = await Deno.makeTempDir({ prefix: "mmvm_evidence_" });
  try {
    await Deno.mkdir(join(out, "data"));
    const files = [...Deno.readDirSync(RESULTS)].filter(({ isFile, name }) => isFile && name !== "index.html");
    const records = [...Deno.readDirSync(join(RESULTS, "data"))].map(({ name }) => `data/${name}`);
    for (const name of [...files.map(({ name }) => name), ...records]) {
      await Deno.copyFile(join(RESULTS, name), join(out, name));
    }
    await main(["--from", join(out, "none"), "--out", out]);
    assert.ok(
      await Deno.readTextFile(join(out, "index.html")) === html,
      "run `deno task evidence` and commit the page",
    );
    for (const name of records) {
      assert.ok(
        await Deno.readTextFile(join(out, name)) === readSource(`docs/results/${name}`),
        `run \`deno task evidence\` and commit ${name}`,
      );
    }
    const linked = [...html.matchAll(/<a href="([^"]+\.html)">/g)].map(([, name]) => name!);
    assert.deepEqual(linked.sort(), files.map(({ name }) => name).sort());
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

browserTest(
  "the committed page fits three widths, light and dark, is accessible and loads nothing",
  async (browser) => {
    for (const [width, colorScheme] of [[360, "light"], [820, "dark"], [1400, "light"]] as const) {
      await using opened = await openReport(browser, html, { viewport: { width, height: 900 }, colorScheme });
      assert.deepEqual(await overflowing(opened.page), [], `at ${width}`);
      assert.deepEqual(await accessibilityFaults(opened.page), [], `at ${width}`);
      assert.deepEqual([opened.requests, opened.complaints], [[], []]);
    }
  },
);
