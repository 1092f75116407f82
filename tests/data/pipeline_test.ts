import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type Batch,
  createLoader,
  describeIndex,
  openDataset,
  pairsOfSplit,
  pairStudies,
  preparePixels,
} from "../../data/mod.ts";
import { ImageDecoder } from "../../data/image/decode_image.ts";
import { preprocess } from "../../data/image/preprocess.ts";
import { dataSchema } from "../../eval/results/results_schema.ts";
import { inTempDir, plainImages, SMALL_JPEG, writeMimic } from "./fixture.ts";

Deno.test("batches contain the preprocessed pixels of the right images", () =>
  inTempDir(async (root) => {
    writeMimic(join(root, "mimic"), { images: plainImages() });
    const index = await openDataset({ root: join(root, "mimic") });
    const pixels = await preparePixels(index, { cacheDir: join(root, "cache"), imageSize: 16, workers: 1 });
    const pairs = pairStudies(index);
    assert.equal(pairs.count, 20);
    const train = pairsOfSplit(index, pairs, "train");
    assert.equal(train.count, 16);
    const decoder = new ImageDecoder();
    const expected = preprocess(await decoder.decode(SMALL_JPEG), { size: 16, preprocessing: "radiograph" });
    const loader = createLoader(pixels, { index, pairs: train, batchSize: 4, seed: 3 });
    assert.equal(loader.stepsPerEpoch, 4);
    const seen = new Set<number>();
    for await (const batch of loader.batches({ untilEpoch: 1 })) {
      assert.equal(batch.pixels.length, 2 * 4 * 256);
      for (let i = 0; i < 8; i++) assert.deepEqual(batch.pixels.subarray(i * 256, (i + 1) * 256), expected);
      assert.deepEqual([...batch.present], [1, 1, 1, 1, 1, 1, 1, 1]);
      assert.equal(batch.labels.length, 4 * 14);
      for (const pair of batch.pairs) seen.add(pair);
    }
    assert.equal(seen.size, 16);
    assert.doesNotThrow(() => dataSchema.parse(describeIndex(index, { pairs, imageSize: 16 })));
  }));

async function take(batches: AsyncGenerator<Batch>, count: number): Promise<string[]> {
  const taken: string[] = [];
  for await (const batch of batches) {
    taken.push(`${batch.epoch}.${batch.step}:${[...batch.pairs].join(",")}`);
    if (taken.length === count) break;
  }
  return taken;
}

Deno.test("a loader started in the middle yields the same batches as one that ran from the start", () =>
  inTempDir(async (root) => {
    writeMimic(join(root, "mimic"), { images: plainImages() });
    const index = await openDataset({ root: join(root, "mimic") });
    const pixels = await preparePixels(index, { cacheDir: join(root, "cache"), imageSize: 4, workers: 1 });
    const loader = createLoader(pixels, { index, pairs: pairStudies(index), batchSize: 3, seed: 5 });
    const whole = await take(loader.batches(), 18);
    assert.deepEqual(await take(loader.batches({ from: { epoch: 1, step: 4 } }), 8), whole.slice(10));
    assert.notEqual(whole[0]!.slice(3), whole[6]!.slice(3), "epochs have their own order");
  }));
