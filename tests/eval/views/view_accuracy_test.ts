import assert from "node:assert/strict";
import fc from "fast-check";
import { viewAccuracy, viewImages, wilsonInterval } from "../../../eval/mod.ts";
import { openDataset } from "../../../data/mod.ts";
import { inTempDir, plainImages, writeMimic } from "../../data/fixture.ts";

Deno.test("wilsonInterval() holds the share, and gives the published values", () => {
  // Newcombe (1998), table I, method 3.
  const rounded = (right: number, count: number) => wilsonInterval(right, count).map((end) => end.toFixed(4));
  assert.deepEqual(rounded(81, 263), ["0.2553", "0.3662"]);
  assert.deepEqual(rounded(15, 148), ["0.0624", "0.1605"]);
  assert.deepEqual(rounded(0, 20), ["0.0000", "0.1611"]);
  assert.deepEqual(rounded(29, 29), ["0.8830", "1.0000"]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), (count, share) => {
      const right = Math.round(share * count);
      const [low, high] = wilsonInterval(right, count);
      assert.ok(low >= 0 && low <= right / count + 1e-12 && high >= right / count - 1e-12 && high <= 1);
    }),
  );
});

Deno.test("viewAccuracy() counts held-out images, blank ones by class, and confident contradictions anywhere", () => {
  const views = {
    classes: ["frontal", "lateral", "other"],
    images: Int32Array.of(3, 4, 5, 6, 7),
    labels: Int8Array.of(0, 0, 1, -1, 2),
    parts: ["train", "held-out", "held-out", "blank", "held-out"] as const,
  };
  const probabilities = Float64Array.of(0.02, 0.97, 0.01, 0.9, 0.1, 0, 0.6, 0.4, 0, 0, 1, 0, 0.1, 0, 0.9);
  const result = viewAccuracy(views, probabilities);
  assert.deepEqual([result.all.right, result.all.count, result.all.share], [2, 3, 2 / 3]);
  assert.deepEqual([result.ofViews.right, result.ofViews.count, result.ofViews.share], [1, 2, 1 / 2]);
  assert.deepEqual(result.confusion, [[1, 0, 0], [1, 0, 0], [0, 0, 1]]);
  assert.deepEqual(result.blank, [0, 1, 0]);
  assert.deepEqual(result.suspicious, [0]);
});

Deno.test("viewImages() holds out patients, not images, and refuses data with a single view", () =>
  inTempDir(async (root) => {
    const images = plainImages(20);
    images[0] = { ...images[0]!, position: "" };
    images[1] = { ...images[1]!, position: "LPO" };
    writeMimic(`${root}/a`, { images });
    const index = await openDataset({ root: `${root}/a` });
    const views = viewImages(index, { seed: 1 });
    assert.deepEqual([...views.labels.subarray(0, 4)], [-1, 2, 0, 1]);
    const heldOut = new Set<number>(), learned = new Set<number>();
    views.images.forEach((image, i) => {
      const subject = index.studies.subject[index.images.study[image]!]!;
      if (views.parts[i] === "held-out") heldOut.add(subject);
      if (views.parts[i] === "train") learned.add(subject);
    });
    assert.deepEqual([heldOut.size, heldOut.intersection(learned).size], [4, 0]);
    assert.deepEqual(viewImages(index, { seed: 1 }).parts, views.parts);
    writeMimic(`${root}/b`, { images: images.map((image) => ({ ...image, position: "PA" })) });
    const single = await openDataset({ root: `${root}/b` });
    assert.throws(
      () => viewImages(single, { seed: 1 }),
      /only frontal images of the patients to learn from .* two views/,
    );
  }));
