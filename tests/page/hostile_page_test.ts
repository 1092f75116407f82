import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ImageDecoder } from "../../data/image/decode_image.ts";
import { preprocess } from "../../data/image/preprocess.ts";
import { browserSteps } from "../browser.ts";
import { openReport } from "../viz/report/report_page.ts";
import { pixelsOf } from "./canvas_pixels.ts";
import { goldenDicom } from "../data/image/dicom/golden_dicom.ts";
import { gray, makePng } from "../data/image/image_writers.ts";
import { TINY_SIDE, tinyPage } from "./tiny_page.ts";

const browserStep = browserSteps("a page with a model");
const MARKUP = `"><img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script></script><!--`;

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Files that are no pictures, or dangerous ones, and what is said of each. */
const FILES: readonly (readonly [name: string, content: Uint8Array, says: RegExp])[] = [
  ["notes.png", bytesOf("The patient was seen today."), /^notes\.png: the file is not a JPEG, PNG, BMP, TIFF or DICOM/],
  ["empty.jpg", new Uint8Array(), /^empty\.jpg: the file is empty: choose a radiograph as JPEG, PNG, /],
  [
    "page.jpg",
    bytesOf(`<html>${MARKUP}</html>`),
    /^page\.jpg: the file is not a JPEG, PNG, BMP, TIFF or DICOM image: /,
  ],
  ["drawing.svg", bytesOf(`<svg onload="globalThis.hacked=1"/>`), /not a JPEG/],
  [`${MARKUP.replaceAll("/", "_")}.png`, bytesOf("GIF89a"), /GIF images are not read/],
  ["cut.jpg", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16), /cut\.jpg: the JPEG header is cut off/],
  ["bomb.png", bomb(), /the header says 60000 x 60000 pixels, over the limit of 64000000/],
  ["bomb.jpg", jpegBomb(60_000), /the header says 60000 x 60000 pixels, over the limit of 64000000/],
  ["large.jpg", jpegBomb(7_900), /^large\.jpg: the JPEG data is truncated or corrupt/],
  ["cut.dcm", half("u12_deflated.dcm"), /^cut\.dcm: the deflated DICOM data is cut off or damaged/],
  ["short.dcm", half("s12_lossless_sv1.dcm"), /^short\.dcm: .*(cut off|damaged|truncated)/],
];

/** Pictures of 8, 12 and 16 bits by all decoders of the page: own ones, libjpeg-turbo and OpenJPEG. */
async function pictures(): Promise<(readonly [name: string, content: Uint8Array])[]> {
  const dicom = ["u12_jpeg2000.dcm", "u12_deflated.dcm", "s12_lossless_sv1.dcm"];
  const golden = goldenDicom();
  return [
    ["colour.jpg", await Deno.readFile(new URL("../data/golden/colour_420_64.jpg", import.meta.url))],
    ["deep.png", makePng({ ...gray({ width: 70, height: 50, value: (x, y) => x * 900 + y * 7 }), depth: 16 })],
    ...dicom.map((name) => [name, golden.get(name)!] as const),
  ];
}

/** A JPEG of 64 pixels a side whose header claims more. */
function jpegBomb(side: number): Uint8Array {
  const bytes = Deno.readFileSync(new URL("../data/golden/colour_420_64.jpg", import.meta.url));
  const frame = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0);
  const view = new DataView(bytes.buffer);
  view.setUint16(frame + 5, side);
  view.setUint16(frame + 7, side);
  return bytes;
}

/** The first half of a DICOM file. */
function half(name: string): Uint8Array {
  const bytes = goldenDicom().get(name)!;
  return bytes.slice(0, bytes.length / 2);
}

/** A PNG whose header claims 3,600 million pixels. */
function bomb(): Uint8Array {
  const png = makePng({ ...gray(), depth: 8 });
  const view = new DataView(png.buffer);
  view.setUint32(16, 60_000);
  view.setUint32(20, 60_000);
  return png;
}

browserStep(
  "hostile files and labels do nothing, and pictures of every kind are prepared as in training",
  async (browser) => {
    await using report = await openReport(browser, tinyPage(MARKUP));
    const { page } = report;
    page.on("dialog", () => assert.fail("a dialog was opened"));
    await page.waitForSelector("#model-app[data-ready]", { timeout: 120_000 });
    const input = page.locator("#file-0");
    const fault = page.locator("#model-app [role=alert]").first();
    for (const [name, content, says] of FILES) {
      await input.evaluate((element, { name, content }) => {
        const files = new DataTransfer();
        files.items.add(new File([Uint8Array.from(content)], name));
        (element as HTMLInputElement).files = files.files;
        element.dispatchEvent(new Event("change"));
      }, { name, content: [...content] });
      await fault.filter({ hasText: says }).waitFor({ state: "visible", timeout: 120_000 });
      assert.equal(await page.locator("[data-results]").count(), 0);
    }
    // Pictures after all of these are read and scored.
    for (const [name, content] of await pictures()) {
      const prepared = preprocess(await new ImageDecoder().decode(content), {
        size: TINY_SIDE,
        preprocessing: "radiograph",
      });
      const status = page.locator("#model-app .status-text").first();
      await input.setInputFiles({ name, mimeType: "application/octet-stream", buffer: Buffer.from(content) });
      await status.filter({ hasText: "Encoded" }).waitFor({ timeout: 120_000 });
      assert.deepEqual(await pixelsOf(page, "[data-results] canvas"), [...prepared], `${name}: prepared bytes`);
      await page.getByRole("button", { name: "Clear" }).click();
      await status.filter({ hasText: /^$/ }).waitFor({ state: "attached" });
      assert.equal(await page.locator("[data-results]").count(), 0);
    }
    const fine = Buffer.from(makePng({ ...gray({ width: 40, height: 40 }), depth: 8 }));
    await input.setInputFiles({ name: "fine.png", mimeType: "image/png", buffer: fine });
    await page.locator("[data-results]").waitFor({ timeout: 120_000 });
    await page.locator("#move-by").waitFor();
    const text = await page.locator("#model-app").textContent();
    assert.ok(text!.includes(MARKUP), "names are shown as they are");
    assert.equal(await page.locator("img[src=x]").count(), 0);
    // A bad file leaves nothing of the picture before it.
    await input.setInputFiles({ name: "bad.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
    await fault.filter({ hasText: "bad.png: the file is not" }).waitFor({ state: "visible", timeout: 120_000 });
    assert.equal(await page.locator("[data-results]").count(), 0);
    assert.equal(await page.locator("#move-by").isVisible(), false);
    assert.equal(await page.evaluate(() => "hacked" in globalThis), false);
    assert.deepEqual([report.complaints, report.requests], [[], []]);
  },
);

browserStep("without WebGPU the page says so and is the report", async (browser) => {
  await using report = await openReport(browser, tinyPage(MARKUP));
  const context = report.page.context();
  await context.addInitScript(() => Object.defineProperty(navigator, "gpu", { value: undefined }));
  await report.page.reload();
  await report.page.locator("#model-reason").filter({ hasText: "WebGPU" }).waitFor();
  assert.match((await report.page.locator("#model-fallback").textContent())!, /this file is still the report/);
  assert.equal(await report.page.locator("#model-app").isVisible(), false);
  assert.equal(await report.page.locator("#summary").isVisible(), true);
});
