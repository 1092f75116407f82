import assert from "node:assert/strict";
import { join } from "node:path";
import { evaluateRun, formatGenerativeTable, openModel, readResults, sampleRun } from "../../../eval/mod.ts";
import { renderReport } from "../../../viz/report/report.ts";
import { Device } from "../../../runtime/mod.ts";
import { type RunConfig, type RunData, runPaths, trainRun } from "../../../training/mod.ts";
import { smallRunConfig, smallRunData, withMissingViews } from "../../training/small_run.ts";

const evaluation = { bootstrap: { resamples: 20 }, commands: [], versions: {}, generative: true } as const;

async function withRun(
  config: RunConfig,
  work: (run: { data: RunData; device: Device; directory: string }) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  const data = await smallRunData(join(folder, "cache"));
  try {
    using device = await Device.open();
    const directory = join(folder, config.name);
    const used = config.data.pairs === "all-combinations-missing" ? withMissingViews(data) : data;
    await trainRun({ config, data: used, device, directory });
    await work({ data: used, device, directory });
  } finally {
    data.pixels.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a run's images are judged by a classifier trained for it, which is used again", async () => {
  const config = smallRunConfig("mmvm");
  await withRun(config, async ({ data, device, directory }) => {
    const stages = new Set<string>();
    const options = { config, directory, data, device, pictures: true, ...evaluation };
    const results = await evaluateRun({ ...options, onProgress: ({ stage }) => stages.add(stage) });
    assert.ok(stages.has("training the judge"));
    const [found] = results.generative!;
    assert.deepEqual([found!.run, found!.judge.run, found!.pairs], ["mmvm-small", "judge", 60]);
    const directions = [["rotated", "rotated"], ["rotated", "noisy"], ["noisy", "rotated"], ["noisy", "noisy"]];
    assert.deepEqual(found!.quality.map(({ from, to }) => [from, to]), directions);
    for (const { images, mse, ssim } of found!.quality) {
      assert.equal(images, 60);
      assert.ok(mse.mean > 0 && mse.mean < 0.5 && ssim!.mean > -1 && ssim!.mean < 1);
    }
    assert.deepEqual(found!.coherence.map(({ view, source, from }) => [view, source, from]), [
      ["rotated", "real", undefined],
      ["noisy", "real", undefined],
      ["rotated", "reconstruction", "rotated"],
      ["noisy", "translation", "rotated"],
      ["rotated", "translation", "noisy"],
      ["noisy", "reconstruction", "noisy"],
    ]);
    assert.ok(found!.coherence.every(({ accuracy, labels }) => accuracy !== undefined && labels.length === 10));
    const distances = found!.distances.map(({ view, source, images }) => [view, source, images]);
    assert.equal(distances.length, 2 + 4 + 2);
    assert.deepEqual(distances.slice(-2), [["rotated", "mixture", 60], ["noisy", "mixture", 60]]);
    // As many true training images as there are test images, so that the bias is the same.
    assert.deepEqual(distances.slice(0, 2), [["rotated", "real", 60], ["noisy", "real", 60]]);
    const distance = (source: string) => found!.distances.find((one) => one.source === source)!.distance;
    assert.ok(distance("real") < distance("mixture"));
    assert.ok(found!.clusters.every(({ clusters, ari, nmi }) => clusters === 10 && ari !== null && nmi !== null));
    assert.equal(found!.mixtures.length, 1);
    assert.equal(found!.agreement[0]!.samples, 60);
    assert.deepEqual(found!.samples.map(({ view, items }) => [view, items.length]), [["rotated", 8], ["noisy", 8]]);
    assert.match(found!.leftOut.join(), /method mmvm has no samples from the prior at alpha \d/);
    assert.match(formatGenerativeTable(found!), /noisy, translated from rotated +0\.\d{4}/);
    const report = renderReport(await readResults(runPaths(directory).results));
    assert.match(report, /Translated: noisy from rotated/);
    assert.match(report, /samples from the mixture, one a column/);

    stages.clear();
    const again = await evaluateRun({ ...options, onProgress: ({ stage }) => stages.add(stage) });
    assert.ok(!stages.has("training the judge"));
    assert.deepEqual(again.generative, results.generative);
    await Deno.writeTextFile(
      join(directory, "judge", "config.json"),
      (await Deno.readTextFile(join(directory, "judge", "config.json"))).replace('"filterDim": 2', '"filterDim": 3'),
    );
    await assert.rejects(evaluateRun(options), /judge holds a judge of another configuration; delete this folder/);
    await assert.rejects(
      evaluateRun({ ...options, judge: { config, directory } }),
      /cannot judge: it must be a run of supervised on rotated, noisy, and is one of mmvm/,
    );
  });
});

Deno.test("sampleRun() draws from a mixture for each view of independent VAEs, also with missing views", async () => {
  const config = smallRunConfig("independent", { missing: true, training: { epochs: 1 } });
  await withRun(config, async ({ data, device, directory }) => {
    using open = await openModel(device, { config, directory, data });
    const draw = async (seed: number) => {
      const fitted: (string | undefined)[] = [];
      const files = await Array.fromAsync(sampleRun({
        open,
        data,
        count: 18,
        seed,
        onFitted: (mixtures) => fitted.push(...mixtures.map(({ view }) => view)),
      }));
      assert.deepEqual(fitted, ["rotated", "noisy"]);
      return files;
    };
    const files = await draw(1);
    assert.equal(files.length, 2 * 18 + 1);
    assert.deepEqual(files.slice(0, 2).map(({ name }) => name), ["rotated/00001.png", "noisy/00001.png"]);
    assert.equal(files.at(-1)!.name, "samples.png");
    assert.deepEqual(await draw(1), files);
    assert.notDeepEqual(await draw(2), files);
  });
});

Deno.test("latents that are private to a view have mixtures of their own beside the shared one", async () => {
  const config = smallRunConfig("mmvae-plus", { model: { latentDim: 4 }, training: { epochs: 1 } });
  await withRun(config, async ({ data, device, directory }) => {
    using open = await openModel(device, { config, directory, data });
    const found: unknown[] = [];
    const files = await Array.fromAsync(sampleRun({
      open,
      data,
      count: 3,
      onFitted: (all) => found.push(...all.map(({ view, mixture: { dimension } }) => [view, dimension])),
    }));
    assert.deepEqual(found, [[undefined, 2], ["rotated", 2], ["noisy", 2]]);
    assert.equal(files.length, 2 * 3 + 1);
  });
});

Deno.test("samples of a joint model come from its joint posterior, and classifiers generate nothing", async () => {
  const config = smallRunConfig("poe", { training: { epochs: 1 } });
  await withRun(config, async ({ data, device, directory }) => {
    const { generative: [found] = [] } = await evaluateRun({ config, directory, data, device, ...evaluation });
    assert.equal(found!.mixtures[0]!.view, undefined);
    assert.equal(found!.samples.length, 0, "no pictures were asked for");
    assert.deepEqual(found!.agreement.map(({ source }) => source), ["mixture", "prior"]);
    const supervised = smallRunConfig("supervised");
    await assert.rejects(
      evaluateRun({ config: supervised, directory, data, device, ...evaluation }),
      /a run of supervised, which has no decoder and generates nothing to measure/,
    );
  });
});
