import assert from "node:assert/strict";
import { createLoader, pairsOfSplit, SPLITS } from "../../../data/mod.ts";
import { alterRunData, type DegradedView } from "../../../training/mod.ts";
import { smallRunData } from "../small_run.ts";

const cacheDir = await Deno.makeTempDir({ prefix: "mmvm_degraded_view_" });
Deno.test.afterAll(() => Deno.remove(cacheDir, { recursive: true }));
const data = await smallRunData(cacheDir);
// Opens the shard, which the altered data share, before any test.
data.pixels.read(0);
const [kept, worse] = data.index.views as [string, string];

/** An image of a view in a split. */
function imageOf(view: string, split: typeof SPLITS[number]): number {
  const pairs = pairsOfSplit(data.index, data.pairs, split);
  return pairs.images[data.index.views.indexOf(view)]!;
}

function degraded(changes: Partial<DegradedView>) {
  return alterRunData(data, {
    degraded: { view: worse, kind: "blackout", amount: 1, in: "training", seed: 1, ...changes },
  });
}

Deno.test("only the named view is made worse, in training or in testing", () => {
  const changed = (where: DegradedView["in"]) =>
    [kept, worse].map((view) =>
      SPLITS.map((split) => {
        const image = imageOf(view, split);
        return Buffer.compare(degraded({ in: where }).pixels.read(image), data.pixels.read(image)) !== 0;
      })
    );
  assert.deepEqual(changed("training"), [[false, false, false], [true, true, false]]);
  assert.deepEqual(changed("testing"), [[false, false, false], [false, false, true]]);
});

Deno.test("batches hold the same pixels as single images", async () => {
  const { pixels, index } = degraded({ kind: "noise", amount: 0.3 });
  const pairs = pairsOfSplit(index, data.pairs, "train");
  const batchSize = 8;
  for await (const batch of createLoader(pixels, { index, pairs, batchSize, seed: 1 }).batches({ untilEpoch: 1 })) {
    for (const view of [0, 1]) {
      for (let row = 0; row < batchSize; row++) {
        const image = pairs.images[batch.pairs[row]! * 2 + view]!;
        const start = (view * batchSize + row) * pixels.bytesPerImage;
        assert.deepEqual(batch.pixels.slice(start, start + pixels.bytesPerImage), pixels.read(image));
      }
    }
  }
});

Deno.test("a blackout covers its share of the image, and an amount of 0 changes nothing", () => {
  const image = imageOf(worse, "train");
  const intact = data.pixels.read(image);
  for (const kind of ["blur", "noise", "blackout"] as const) {
    assert.deepEqual(degraded({ kind, amount: 0 }).pixels.read(image), intact, kind);
  }
  assert.ok(degraded({ amount: 1 }).pixels.read(image).every((value) => value === 0));
  const quarter = degraded({ amount: 0.25 }).pixels.read(image);
  const side = Math.sqrt(quarter.length);
  quarter.forEach((value, i) => {
    const [row, column] = [Math.floor(i / side), i % side];
    const inside = [row, column].every((at) => at >= side / 4 && at < 3 * side / 4);
    assert.equal(value, inside ? 0 : intact[i]);
  });
});

Deno.test("a blur keeps the mean and flattens, more so the wider it is", () => {
  const image = imageOf(worse, "train");
  const statistics = (pixels: Uint8Array) => {
    const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    return { mean, variance: pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length };
  };
  const each = [0, 0.02, 0.1].map((amount) => statistics(degraded({ kind: "blur", amount }).pixels.read(image)));
  assert.ok(each[0]!.variance > each[1]!.variance && each[1]!.variance > each[2]!.variance);
  assert.ok(Math.abs(each[1]!.mean - each[0]!.mean) < 3);
});

Deno.test("noise has the wanted deviation, is the same every time and depends on seed and image", () => {
  const [image, other] = [imageOf(worse, "train"), imageOf(worse, "validate")];
  const noisy = degraded({ kind: "noise", amount: 0.05 }).pixels.read(image);
  assert.deepEqual(degraded({ kind: "noise", amount: 0.05 }).pixels.read(image), noisy);
  assert.notDeepEqual(degraded({ kind: "noise", amount: 0.05, seed: 2 }).pixels.read(image), noisy);
  const intact = data.pixels.read(image);
  // Not where black and white cut the noise off.
  const differences = Array.from(noisy, (value, i) => value - intact[i]!)
    .filter((_, i) => intact[i]! > 50 && intact[i]! < 205);
  const deviation = Math.sqrt(differences.reduce((sum, value) => sum + value ** 2, 0) / differences.length);
  assert.ok(Math.abs(deviation / (0.05 * 255) - 1) < 4 / Math.sqrt(2 * differences.length), `${deviation}`);
  const added = (at: number) => {
    const before = data.pixels.read(at);
    return Array.from(degraded({ kind: "noise", amount: 0.05 }).pixels.read(at), (value, i) => value - before[i]!);
  };
  assert.notDeepEqual(added(image), added(other));
});

Deno.test("a view that the data do not have is named", () => {
  assert.throws(() => degraded({ view: "oblique" }), /the view oblique is to be made worse, but the data have/);
});
