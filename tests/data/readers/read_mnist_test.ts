import assert from "node:assert/strict";
import { join } from "node:path";
import { addUniformNoise, rotateDigit } from "../../../data/readers/mnist_views.ts";
import { type MnistOptions, openDataset, pairsOfSplit, pairStudies, preparePixels } from "../../../data/mod.ts";
import { SeededRandom } from "../../../base/random.ts";
import { inTempDir } from "../fixture.ts";

const SMALL: MnistOptions = { pairs: { train: 40, validate: 10, test: 20 } };
const open = (mnist: MnistOptions) => openDataset({ dataset: "mnist-pairs", mnist });

Deno.test("MNIST pairs are two images of one digit with a one-hot label, in the requested numbers", async () => {
  const index = await open(SMALL);
  assert.deepEqual(index.views, ["rotated", "noisy"]);
  assert.deepEqual([index.studies.count, index.images.count, index.labels.length], [70, 140, 10]);
  const pairs = pairStudies(index);
  assert.deepEqual((["train", "validate", "test"] as const).map((split) => pairsOfSplit(index, pairs, split).count), [
    40,
    10,
    20,
  ]);
  for (let study = 0; study < 70; study++) {
    const states = [...index.studies.states.subarray(study * 10, study * 10 + 10)];
    assert.equal(states.filter((state) => state === 1).length, 1);
    assert.equal(states.filter((state) => state === 2).length, 9);
  }
});

Deno.test("MNIST pairs depend only on the seed", async () => {
  const [a, b, c] = [await open(SMALL), await open(SMALL), await open({ ...SMALL, seed: 1 })];
  const draw = (index: typeof a, image: number) => [...index.source.generated!.draw(image).samples];
  // Also in a different call order.
  const backwards = [7, 6, 5].map((image) => draw(b, image)).reverse();
  assert.deepEqual([5, 6, 7].map((image) => draw(a, image)), backwards);
  assert.notDeepEqual(draw(a, 5), draw(c, 5));
  assert.notEqual(a.source.generated!.fingerprint, c.source.generated!.fingerprint);
});

Deno.test("a third, clean view is available", async () => {
  const index = await open({ ...SMALL, views: ["rotated", "noisy", "clean"] });
  assert.equal(index.images.count, 210);
  assert.equal(pairStudies(index).views, 3);
});

Deno.test("MNIST pairs at 28 pixels keep their pixels unchanged", () =>
  inTempDir(async (root) => {
    const index = await open(SMALL);
    const pixels = await preparePixels(index, { cacheDir: root, imageSize: 28 });
    for (const image of [0, 1, 77, 139]) {
      assert.deepEqual(pixels.read(image), index.source.generated!.draw(image).samples);
    }
    pixels.close();
  }));

Deno.test("rotateDigit() rotates counter-clockwise about the centre with zero padding", () => {
  const pixels = new Uint8Array(784);
  pixels[3 * 28 + 13] = 200;
  pixels[3 * 28 + 14] = 200;
  assert.deepEqual(rotateDigit(pixels, 0), pixels);
  const quarter = rotateDigit(pixels, 90);
  assert.equal(quarter[13 * 28 + 3], 200, "what was at the top is at the left");
  assert.equal(quarter[14 * 28 + 3], 200);
  assert.equal(quarter.reduce((sum, value) => sum + value, 0), 400);
  const corner = new Uint8Array(784).fill(255);
  assert.equal(rotateDigit(corner, 45)[0], 0);
});

Deno.test("addUniformNoise() adds noise of mean one half of the range and clips", () => {
  const noisy = addUniformNoise(new Uint8Array(784), new SeededRandom("test"));
  const mean = noisy.reduce((sum, value) => sum + value, 0) / 784 / 255;
  assert.ok(Math.abs(mean - 0.5) < 0.05, `mean ${mean}`);
  assert.ok(addUniformNoise(new Uint8Array(784).fill(255), new SeededRandom("test")).every((value) => value === 255));
});

Deno.test("missing or damaged MNIST files, and other splits, are refused", () =>
  inTempDir(async (root) => {
    await assert.rejects(
      openDataset({ dataset: "mnist-pairs", root }),
      /train-labels-idx1-ubyte: the MNIST file is missing/,
    );
    await Deno.writeFile(join(root, "train-labels-idx1-ubyte"), new Uint8Array(20));
    await assert.rejects(openDataset({ dataset: "mnist-pairs", root }), /not MNIST's IDX file/);
    await assert.rejects(
      openDataset({ dataset: "mnist-pairs", splits: "paper" }),
      /mnist-pairs have their own split only/,
    );
  }));

Deno.test("readMnist() rejects too many pairs before creating any", async () => {
  for (const train of [2e9, 1_000_001, -1, 1.5]) {
    await assert.rejects(
      openDataset({ dataset: "mnist-pairs", mnist: { pairs: { train } } }),
      /MNIST pairs are wanted for train; a whole number from 0 to 1,000,000 is required/,
    );
  }
});
