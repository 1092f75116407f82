import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { exportPhantoms } from "../../bench/peers/phantoms_export.ts";
import { pairsOfSplit, SPLITS } from "../../data/mod.ts";
import { baseOf, vaeRun } from "../../experiments/definitions/scales.ts";
import { writePhantoms } from "../../phantoms/mod.ts";
import { openRunData, withTestSet } from "../../training/mod.ts";

const folder = await Deno.makeTempDir({ prefix: "mmvm_phantoms_export_" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

async function opened(seed: number) {
  const root = join(folder, String(seed));
  await writePhantoms(root, { studies: 24, seed, scale: 0.02, workers: 1 });
  const { config } = vaeRun(baseOf("phantoms", { scale: "small", root }), "mmvm", { seed: 1 });
  return { config, data: await openRunData({ data: config.data, imageSize: 16, cacheDir: join(folder, "cache") }) };
}

const [own, unseen] = [await opened(1), await opened(2)];
const data = withTestSet(own.data, unseen.data);
await exportPhantoms({ config: own.config, data }, join(folder, "out"));
const about = JSON.parse(await readFile(join(folder, "out", "phantoms.json"), "utf8"));

Deno.test("the exported pixels are those of each split's pairs, view by view", async () => {
  for (const split of SPLITS) {
    const { count, images, views } = pairsOfSplit(data.index, data.pairs, split);
    const pixels = await readFile(join(folder, "out", `${split}.pixels`));
    const size = data.pixels.bytesPerImage;
    assert.ok(count > 0);
    assert.equal(pixels.length, views * count * size);
    for (let view = 0; view < views; view++) {
      for (let pair = 0; pair < count; pair++) {
        const start = (view * count + pair) * size;
        const expected = data.pixels.read(images[pair * views + view]!);
        assert.deepEqual(new Uint8Array(pixels.subarray(start, start + size)), new Uint8Array(expected));
      }
    }
  }
});

Deno.test("each exported pair has its own study's patient and labels", () => {
  const { index } = data;
  assert.deepEqual(about.labels, index.labels);
  for (const split of SPLITS) {
    const { count, study } = pairsOfSplit(index, data.pairs, split);
    const { pairs, studyIds, subjectIds, labels } = about.splits[split];
    assert.equal(pairs.length, count);
    study.forEach((number, pair) => {
      const place = pairs[pair];
      assert.equal(studyIds[place], index.studies.ids[number]);
      assert.equal(subjectIds[place], index.subjects.ids[index.studies.subject[number]!]);
      const positive = index.labels.map((_, label) => index.labelState(number, label) === 1);
      assert.deepEqual(labels.map((column: (number | null)[]) => column[place] === 1), positive);
    });
  }
});

Deno.test("the export has the settings of the experiment's run", () => {
  const { model: { filterDim, latentDim }, training: { epochs, batchSize, beta } } = about;
  assert.deepEqual({ filterDim, latentDim, epochs, batchSize, beta }, {
    ...{ filterDim: 8, latentDim: 16, epochs: 18, batchSize: 32, beta: 1 },
  });
});
