import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { exportDigits } from "../../bench/peers/digits_export.ts";
import { pairsOfSplit, SPLITS } from "../../data/mod.ts";
import { baseOf } from "../../experiments/definitions/scales.ts";
import { openRunData } from "../../training/mod.ts";

const folder = await Deno.makeTempDir({ prefix: "mmvm_digits_export_" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

for (const dataset of ["mnist-pairs", "polymnist"] as const) {
  Deno.test(`the export of ${dataset} has each tuple's images, view by view, and its digit`, async () => {
    const base = baseOf(dataset, { scale: "smoke" });
    const directory = join(folder, dataset);
    const data = await openRunData({ data: base.data, imageSize: 28, cacheDir: join(folder, "cache") });
    using _pixels = data.pixels;
    await exportDigits(data, { directory, base });
    for (const split of SPLITS) {
      const { count, images, views, study } = pairsOfSplit(data.index, data.pairs, split);
      const [pixels, digits] = [await read(`${split}.pixels`), await read(`${split}.digits`)];
      const size = data.pixels.bytesPerImage;
      assert.deepEqual([views, pixels.length, digits.length], [base.views.length, views * count * size, count]);
      for (let pair = 0; pair < count; pair++) {
        assert.equal(data.index.labelState(study[pair]!, digits[pair]!), 1);
        for (let view = 0; view < views; view++) {
          const start = (view * count + pair) * size;
          const expected = data.pixels.read(images[pair * views + view]!);
          assert.deepEqual(pixels.subarray(start, start + size), new Uint8Array(expected));
        }
      }
    }
    const about = JSON.parse(new TextDecoder().decode(await read("pairs.json")));
    const { views, imageSize, counts, model, training, labelled } = about;
    assert.deepEqual({ views, imageSize, counts, model, training }, {
      views: base.views,
      imageSize: 28,
      counts: base.data.mnist!.pairs,
      model: base.model,
      training: base.training,
    });
    const train = counts.train as number;
    assert.deepEqual(Object.keys(labelled), base.seeds.map(String));
    assert.ok(labelled[1].every((row: number) => Number.isInteger(row) && row >= 0 && row < train));
    assert.equal(labelled[1].length, Math.round(base.labelled * train));

    async function read(name: string): Promise<Uint8Array> {
      return new Uint8Array(await readFile(join(directory, name)));
    }
  });
}
