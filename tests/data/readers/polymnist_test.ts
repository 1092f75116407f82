import assert from "node:assert/strict";
import { openDataset, pairStudies, POLYMNIST_VIEWS } from "../../../data/mod.ts";
import { drawPolymnistView } from "../../../data/readers/polymnist_views.ts";
import { SeededRandom } from "../../../base/random.ts";

const pairs = { train: 40, validate: 10, test: 20 };
const SIDE = 28;

/** A digit's worth of full ink in a square of the middle. */
const square = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
  const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
  return x >= 8 && x < 20 && y >= 8 && y < 20 ? 255 : 0;
});

Deno.test("a tuple has five views of one digit, and the images of its views differ", async () => {
  const index = await openDataset({ dataset: "polymnist", mnist: { pairs } });
  assert.deepEqual(index.views, POLYMNIST_VIEWS);
  const table = pairStudies(index);
  assert.equal(table.count, 70);
  const { draw } = index.source.generated!;
  for (let pair = 0; pair < 5; pair++) {
    const images = Array.from({ length: 5 }, (_, m) => draw(table.images[pair * 5 + m]!).samples);
    assert.equal(new Set(images.map(String)).size, 5);
    const states = index.labels.map((_, label) => index.labelState(table.study[pair]!, label));
    assert.equal(states.filter((state) => state === 1).length, 1);
  }
  const again = await openDataset({ dataset: "polymnist", mnist: { pairs } });
  assert.deepEqual(again.source.generated!.draw(7), draw(7));
  const other = await openDataset({ dataset: "polymnist", mnist: { pairs, seed: 1 } });
  assert.notDeepEqual(other.source.generated!.draw(7), draw(7));
});

Deno.test("a digit is shrunk to three quarters, shifted within the image, and brighter than any background", () => {
  const corners = new Set<string>();
  for (const view of POLYMNIST_VIEWS) {
    for (let seed = 0; seed < 40; seed++) {
      const [pixels, empty] = [square, new Uint8Array(SIDE * SIDE)].map((digit) =>
        drawPolymnistView(digit, view, new SeededRandom("test", seed))
      ) as [Uint8Array, Uint8Array];
      assert.ok(empty.every((value) => value <= 102));
      const ink = [...pixels.keys()].filter((i) => pixels[i]! > 102);
      // The square of 12 pixels becomes one of 9.
      assert.equal(ink.length, 81);
      for (const i of ink) assert.equal(pixels[i], 255 - empty[i]!);
      for (const i of pixels.keys()) if (pixels[i]! <= 102) assert.equal(pixels[i], empty[i]);
      corners.add(`${ink[0]! % SIDE},${Math.floor(ink[0]! / SIDE)}`);
    }
  }
  const [xs, ys] = [0, 1].map((axis) => [...corners].map((corner) => Number(corner.split(",")[axis])));
  for (const places of [xs!, ys!]) assert.deepEqual([Math.min(...places), Math.max(...places)], [6, 13]);
});

Deno.test("backgrounds of a view vary from image to image, and none is flat", () => {
  for (const view of POLYMNIST_VIEWS) {
    const drawn = Array.from(
      { length: 12 },
      (_, seed) => drawPolymnistView(new Uint8Array(SIDE * SIDE), view, new SeededRandom("test", seed)),
    );
    assert.equal(new Set(drawn.map(String)).size, 12, view);
    for (const pixels of drawn) assert.ok(Math.max(...pixels) - Math.min(...pixels) > 30, view);
  }
});

Deno.test("a view of the other data set of digits is refused", async () => {
  await assert.rejects(
    openDataset({ dataset: "polymnist", mnist: { pairs, views: ["rotated"] } }),
    /polymnist has no view rotated; choose among stripes, checks, rings, clouds, dots/,
  );
});
