import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { openModel } from "../../eval/mod.ts";
import { ClassifierInference, methodKind } from "../../models/mod.ts";
import { exportModel } from "../../page/export/export_model.ts";
import { modelPart } from "../../page/render/model_part.ts";
import { Device } from "../../runtime/mod.ts";
import { classifierConfig, createRunTrainer } from "../../training/run_trainer.ts";
import { type RunConfig, type RunData, runPaths, withTexts } from "../../training/mod.ts";
import { restoreRun, saveFirstState } from "../../training/run/run_checkpoint.ts";
import { renderReport } from "../../viz/report/report.ts";
import { browserTest } from "../browser.ts";
import { gray, makePng } from "../data/image/image_writers.ts";
import { smallRunConfig, smallRunData, withReports } from "../training/small_run.ts";
import { singleRunFixture } from "../viz/report/fixture.ts";
import { openReport } from "../viz/report/report_page.ts";
import { pixelsOf } from "./canvas_pixels.ts";

const SIDE = 28;
const WAIT = { timeout: 120_000 };
const VIEWS = ["rotated", "noisy"];

/** A run before its first step, with weights large enough that pictures differ, and its page. */
async function exported(config: RunConfig, { device, data: given, folder }: Context): Promise<string> {
  const directory = join(folder, config.name);
  await Deno.mkdir(directory);
  const data = await withTexts(given, { config, directory, create: true });
  using trainer = await createRunTrainer(device, { config, data });
  const state = [...await trainer.read()].map(([name, tensor]) => {
    const factor = tensor.shape.length > 1 ? 1.5 : 1;
    return [name, { ...tensor, data: tensor.data.map((value) => factor * value) }] as const;
  });
  await saveFirstState(new Map(state), { paths: runPaths(directory), config });
  const { model, weights, losses } = await exportModel(device, {
    config,
    directory,
    data: given,
    storage: "mixed",
    probes: true,
    neighbours: false,
  });
  assert.equal(model.storage, methodKind(config.model.method) === "vae" ? "mixed" : "f32");
  assert.deepEqual(losses, [], "the encoders' weights are the run's own");
  return renderReport(singleRunFixture({ labels: ["Edema"], studies: 20 }), {
    part: modelPart({ ...model, card: [] }, { weights, place: "first" }),
  });
}

interface Context {
  readonly device: Device;
  readonly data: RunData;
  readonly folder: string;
}

/** The prepared images of a test pair. */
function pairOf({ index, pairs, pixels }: RunData): Uint8Array[] {
  const pair = pairs.study.findIndex((study) => index.splitOfStudy(study) === 2);
  return VIEWS.map((_, m) => pixels.read(pairs.images[pair * 2 + m]!).slice());
}

/** Gives the page both pictures. */
async function give(page: Page, pictures: readonly Uint8Array[]): Promise<void> {
  await page.waitForSelector("#model-app[data-ready]", WAIT);
  for (const [m, pixels] of pictures.entries()) {
    const png = makePng({ ...gray({ width: SIDE, height: SIDE, value: (x, y) => pixels[y * SIDE + x]! }), depth: 8 });
    await page.locator(`#file-${m}`).setInputFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.from(png) });
  }
  await page.locator("#model-app .status-text").first().filter({ hasText: `Encoded ${VIEWS.join(" and ")}` })
    .waitFor(WAIT);
}

/** The probabilities of a table. */
function scoresOf(page: Page, name: string): Promise<number[]> {
  return page.locator(`[data-scores="${name}"] [data-probability]`)
    .evaluateAll((cells) => cells.map((cell) => Number(cell.getAttribute("data-probability"))));
}

/** A classifier: its own probabilities of each view and their average, thresholds, and nothing to decode. */
async function checkClassifier(page: Page, config: RunConfig, { device, data, folder }: Context): Promise<void> {
  using model = await ClassifierInference.open(device, { config: classifierConfig(config, data), batchSize: 1 });
  await restoreRun(model, { paths: runPaths(join(folder, config.name)), config });
  const { views, combined } = await model.score({ pixels: Buffer.concat(pairOf(data)) });
  for (const [name, want] of [...VIEWS.map((view, m) => [view, views[m]!] as const), ["ensemble", combined] as const]) {
    const scores = await scoresOf(page, name);
    assert.equal(scores.length, 10);
    scores.forEach((score, i) => assert.ok(Math.abs(score - want[i]!) < 1e-5, `${name} ${i}: ${score}, ${want[i]}`));
  }
  assert.match((await page.locator("[data-scores=ensemble] tbody").textContent())!, /above|below/);
  assert.equal(await page.locator("#move-by").count(), 0);
  assert.equal(await page.locator("[data-results] canvas").count(), VIEWS.length);
}

/** Embeddings that were aligned: probes, and nothing to decode. */
async function checkAlignment(page: Page): Promise<void> {
  const scores = await scoresOf(page, "noisy");
  assert.ok(Math.abs(scores.reduce((a, b) => a + b, 0) - 1) < 1e-6, "digits exclude each other");
  assert.equal(await page.locator("#move-by").count(), 0);
  assert.match(
    (await page.locator("[data-results=noisy]").textContent())!,
    /no decoders.*Numbers of the noisy features/,
  );
}

/** Private latents: a translation is what the model itself makes of the shared ones. */
async function checkPrivate(page: Page, config: RunConfig, { device, data, folder }: Context): Promise<void> {
  using open = await openModel(device, { config, directory: join(folder, config.name), data, batchSize: 1 });
  const pixels = Buffer.concat(pairOf(data));
  const translated = (await open.model.decode({ pixels }))[0]![1]!;
  const { mu } = await open.model.encode({ pixels });
  const whole = (await open.model.decodeLatents(mu[0]!))[1]!;
  const shown = await pixelsOf(page, "[data-results=rotated] canvas >> nth=2");
  const distance = (image: Float32Array) =>
    Math.max(...image.map((value, i) => Math.abs(255 * Math.min(1, Math.max(0, value)) - shown[i]!)));
  assert.ok(distance(translated) <= 1, `${distance(translated)} gray levels from the model's own translation`);
  assert.ok(distance(whole) > 2, "the private latent has no influence");
}

/** Texts: a translation in words; and labels that exclude each other: the slider raises its label everywhere. */
async function checkTextsAndSlider(page: Page): Promise<void> {
  assert.match((await page.locator("[data-results=noisy] blockquote").textContent())!, /\w/);
  const slider = page.locator("#move-by");
  await slider.waitFor(WAIT);
  const labels = await page.locator("#move-label option").count();
  assert.equal(labels, 10);
  for (const label of [0, 4, 9]) {
    await page.locator("#move-label").selectOption({ index: label });
    assert.equal(await page.locator("#model-app .note", { hasText: "lies between" }).isVisible(), false);
    await slider.focus();
    await page.keyboard.press("Home");
    const scores: number[] = [];
    for (let step = 0; step <= 8; step++) {
      scores.push(Number(await page.locator("#move-score").getAttribute("data-score")));
      await page.keyboard.press("PageUp");
    }
    scores.slice(1).forEach((score, i) => assert.ok(score > scores[i]!, `label ${label}: ${scores}`));
  }
}

browserTest(
  "runs of every kind are exported and used: classifiers, alignment, private latents, texts",
  async (browser) => {
    const folder = await Deno.makeTempDir();
    const data = await smallRunData(join(folder, "cache"));
    try {
      using device = await Device.open();
      const context = { device, data, folder };
      const open = async (config: RunConfig, check: (page: Page) => Promise<void>, own: Context = context) => {
        await using report = await openReport(browser, await exported(config, own));
        await give(report.page, pairOf(data));
        await check(report.page);
        assert.deepEqual([report.complaints, report.requests], [[], []]);
      };
      const classifier = smallRunConfig("supervised-ensemble");
      await open(classifier, (page) => checkClassifier(page, classifier, context));
      await open(smallRunConfig("clip"), checkAlignment);
      const withPrivate = smallRunConfig("dmvae");
      await open(withPrivate, (page) => checkPrivate(page, withPrivate, context));
      const texts = smallRunConfig("mmvm", { model: { views: [...VIEWS, "text"], latentDim: 10, textLength: 32 } });
      await open(texts, checkTextsAndSlider, { ...context, data: withReports(data) });
    } finally {
      data.pixels.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
);
