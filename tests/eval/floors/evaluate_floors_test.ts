import assert from "node:assert/strict";
import { join } from "node:path";
import { evaluateRun } from "../../../eval/mod.ts";
import { symmetricEigen } from "../../../eval/linear/symmetric_eigen.ts";
import { pixelPca } from "../../../eval/floors/pixel_pca.ts";
import { pairsOfSplit } from "../../../data/mod.ts";
import { momentsOf } from "../../../eval/linear/covariance.ts";
import { Device } from "../../../runtime/mod.ts";
import { trainRun, viewsOfRun } from "../../../training/mod.ts";
import { smallRunConfig, smallRunData, withMissingViews } from "../../training/small_run.ts";

const evaluation = { bootstrap: { resamples: 20 }, commands: [], versions: {} } as const;

Deno.test("floors are measured on the run's studies, with a row for each, and compared with its method", async () => {
  const folder = await Deno.makeTempDir();
  const data = await smallRunData(join(folder, "cache"));
  try {
    using device = await Device.open();
    const config = smallRunConfig("mmvm");
    const directory = join(folder, "run");
    await trainRun({ config, data, device, directory });
    const results = await evaluateRun({ config, directory, data, device, floors: true, ...evaluation });
    const methods = ["mmvm", "view-position", "pixel-pca", "shuffled-labels", "untrained"];
    assert.deepEqual(results.runs.map(({ method }) => method), methods);
    assert.deepEqual(
      results.runs.map(({ name }) => name),
      ["", ...methods.slice(1)].map((m) => m ? `mmvm-small-${m}` : "mmvm-small"),
    );
    for (const [i, { method, view, cases, labelledStudies }] of results.evaluations.entries()) {
      assert.deepEqual([method, view], [methods[Math.floor(i / 2)], ["rotated", "noisy"][i % 2]]);
      assert.deepEqual([cases, labelledStudies], ["test", 96]);
    }
    const macro = (method: string) => results.evaluations.find((each) => each.method === method)!.macro.auroc.value!;
    // Digits have no view positions, so that nothing distinguishes them; their pixels do.
    assert.equal(macro("view-position"), 0.5);
    assert.ok(macro("pixel-pca") > 0.6);
    const compared = results.comparisons.filter(({ label, view }) => label === null && view === "noisy");
    assert.deepEqual(
      compared.map(({ baseline, method }) => [baseline, method]),
      methods.slice(1).map((m) => [m, "mmvm"]),
    );

    const supervised = smallRunConfig("supervised", { training: { epochs: 1 } });
    const classifier = join(folder, "supervised");
    await trainRun({ config: supervised, data, device, directory: classifier });
    await assert.rejects(
      evaluateRun({ config: supervised, directory: classifier, data, device, floors: true, ...evaluation }),
      /a classifier without latents: ask for floors with a run of a VAE/,
    );
  } finally {
    data.pixels.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("pixelPca() gives the principal components of the training images, scaled to unit variance", async () => {
  const folder = await Deno.makeTempDir();
  const whole = await smallRunData(join(folder, "cache"));
  try {
    using device = await Device.open();
    for (const data of [whole, withMissingViews(whole)]) {
      const views = viewsOfRun(smallRunConfig("mmvm", { missing: data !== whole }), data);
      const [rotated, noisy] = await pixelPca({ device, data, views, dimension: 3, seed: 1, batchSize: 20 });
      for (const latents of [rotated!, noisy!]) {
        const train = new Set(pairsOfSplit(data.index, views.pairs, "train").study);
        const rows = [...latents.study.keys()].filter((row) => train.has(latents.study[row]!));
        const values = Float64Array.from(rows.flatMap((row) => [...latents.values.subarray(3 * row, 3 * row + 3)]));
        const { mean, covariance } = momentsOf({ values, rows: rows.length, columns: 3 });
        mean.forEach((value) => assert.ok(Math.abs(value) < 1e-3, `mean ${value}`));
        const unbiased = (rows.length - 1) / rows.length;
        const eigen = symmetricEigen(covariance.map((value) => value * unbiased), 3).values;
        eigen.forEach((value) => assert.ok(Math.abs(value - 1) < 1e-2, `variance ${value}`));
      }
      const has = (view: number) => [...views.pairs.study.keys()].filter((p) => views.pairs.images[2 * p + view]! >= 0);
      assert.deepEqual([...rotated!.study], has(0).map((pair) => views.pairs.study[pair]));
    }
  } finally {
    whole.pixels.close();
    await Deno.remove(folder, { recursive: true });
  }
});
