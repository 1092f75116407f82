import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { sentenceForUser } from "../../../cli/terminal/errors.ts";
import { epochOrder, stepsPerEpoch } from "../../../data/loader/order.ts";
import {
  type Batch,
  createLoader,
  labelsOfStudies,
  type LoaderOptions,
  openDataset,
  type OpenDatasetOptions,
  pairStudies,
  preparePixels,
} from "../../../data/mod.ts";
import { type FixtureImage, inTempDir, plainImages, writeMimic } from "../fixture.ts";

async function withLoader(
  options: Omit<LoaderOptions, "index" | "pairs"> & {
    images?: FixtureImage[];
    labels?: Record<string, Record<string, string>>;
    dataset?: Partial<OpenDatasetOptions>;
  },
  body: (
    loader: ReturnType<typeof createLoader>,
    index: Awaited<ReturnType<typeof openDataset>>,
    cache: string,
  ) => Promise<void>,
): Promise<void> {
  await inTempDir(async (root) => {
    const { images = plainImages(), labels, dataset = {}, ...rest } = options;
    writeMimic(join(root, "mimic"), { images, ...(labels === undefined ? {} : { labels }) });
    const index = await openDataset({ root: join(root, "mimic"), ...dataset });
    const pixels = await preparePixels(index, { cacheDir: join(root, "cache"), imageSize: 4, workers: 1 });
    await body(createLoader(pixels, { index, pairs: pairStudies(index), ...rest }), index, pixels.directory);
  });
}

async function collect(batches: AsyncGenerator<Batch>, limit = Infinity): Promise<Batch[]> {
  const taken: Batch[] = [];
  for await (const batch of batches) {
    taken.push({ ...batch, pixels: batch.pixels.slice() });
    if (taken.length >= limit) break;
  }
  return taken;
}

Deno.test("epochOrder() is a permutation determined by seed and epoch", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(), fc.nat(1000), (count, seed, epoch) => {
    const order = epochOrder(count, { seed, epoch, shuffle: true });
    assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length: count }, (_, i) => i));
    assert.deepEqual(epochOrder(count, { seed, epoch, shuffle: true }), order);
  }));
  assert.notDeepEqual(
    epochOrder(50, { seed: 1, epoch: 0, shuffle: true }),
    epochOrder(50, { seed: 1, epoch: 1, shuffle: true }),
  );
  assert.notDeepEqual(
    epochOrder(50, { seed: 1, epoch: 0, shuffle: true }),
    epochOrder(50, { seed: 2, epoch: 0, shuffle: true }),
  );
  assert.deepEqual([...epochOrder(3, { seed: 1, epoch: 0, shuffle: false })], [0, 1, 2]);
});

Deno.test("epochOrder() places every row at every position equally often", () => {
  const counts = Array.from({ length: 5 }, () => [0, 0, 0, 0, 0]);
  for (let epoch = 0; epoch < 5000; epoch++) {
    epochOrder(5, { seed: 3, epoch, shuffle: true }).forEach((row, place) => counts[row]![place]!++);
  }
  // 1000 expected; the standard deviation is 28.
  for (const count of counts.flat()) assert.ok(Math.abs(count - 1000) < 140, `${count}`);
});

Deno.test("stepsPerEpoch() counts the last partial batch unless it is dropped", () => {
  assert.deepEqual((["drop", "keep", "pad"] as const).map((partial) => stepsPerEpoch(10, { batchSize: 4, partial })), [
    2,
    3,
    3,
  ]);
  assert.deepEqual((["drop", "keep", "pad"] as const).map((partial) => stepsPerEpoch(8, { batchSize: 4, partial })), [
    2,
    2,
    2,
  ]);
});

Deno.test("a loader yields every pair once per epoch, in a different order each epoch", () =>
  withLoader({ batchSize: 5, seed: 2 }, async (loader) => {
    const batches = await collect(loader.batches({ untilEpoch: 2 }));
    assert.deepEqual(batches.map(({ epoch, step }) => [epoch, step]), [[0, 0], [0, 1], [0, 2], [0, 3], [1, 0], [1, 1], [
      1,
      2,
    ], [1, 3]]);
    const epochs = [batches.slice(0, 4), batches.slice(4)].map((part) => part.flatMap(({ pairs }) => [...pairs]));
    for (const rows of epochs) {
      assert.deepEqual(
        rows.toSorted((a, b) => a - b),
        Array.from({ length: 20 }, (_, i) => i),
      );
    }
    assert.notDeepEqual(epochs[0], epochs[1]);
  }));

Deno.test("a loader keeps, pads or drops the last partial batch", async () => {
  for (
    const [partial, sizes, rows] of [["drop", [8, 8], [8, 8]], ["keep", [8, 8, 4], [8, 8, 4]], ["pad", [8, 8, 4], [
      8,
      8,
      8,
    ]]] as const
  ) {
    await withLoader({ batchSize: 8, partial, shuffle: false }, async (loader) => {
      const batches = await collect(loader.batches({ untilEpoch: 1 }));
      assert.deepEqual(batches.map(({ size }) => size), sizes);
      assert.deepEqual(batches.map((batch) => batch.rows), rows);
      assert.deepEqual(batches.map(({ pixels }) => pixels.length), rows.map((count) => 2 * count * 16));
      if (partial === "pad") assert.deepEqual([...batches[2]!.pairs], [16, 17, 18, 19, 16, 16, 16, 16]);
    });
  }
});

Deno.test("a missing view is flagged, and its pixels are zero", () => {
  // Studies 0 and 2 have both views; study 1 has only a frontal.
  const images = plainImages(2).filter((_, i) => i !== 3 && i < 6);
  return withLoader(
    { images, batchSize: 3, shuffle: false, dataset: { pairs: "all-combinations-missing" } },
    async (loader) => {
      const [batch] = await collect(loader.batches({ untilEpoch: 1 }));
      assert.deepEqual([...batch!.present], [1, 1, 1, 1, 0, 1], "view-major");
      const [frontal0, frontal1, , lateral0, lateral1] = [0, 16, 32, 48, 64].map((at) =>
        batch!.pixels.slice(at, at + 16)
      );
      assert.deepEqual(frontal0, frontal1);
      assert.deepEqual(frontal0, lateral0, "the fixture's images are one");
      assert.ok(frontal0!.some((value) => value > 0));
      assert.ok(lateral1!.every((value) => value === 0));
    },
  );
});

Deno.test("batches carry the labels of their studies under the policies", () => {
  const images = plainImages(2);
  const labels = {
    "50000000": { Atelectasis: "1.0" },
    "50000001": { Atelectasis: "-1.0" },
    "50000002": { Atelectasis: "0.0" },
    "50000003": {},
  };
  return withLoader(
    { images, labels, batchSize: 4, shuffle: false, dataset: { uncertain: "ignore", blank: "zeros" } },
    async (loader, index) => {
      const [batch] = await collect(loader.batches({ untilEpoch: 1 }));
      assert.deepEqual([...batch!.studies], [0, 1, 2, 3]);
      assert.deepEqual([0, 14, 28, 42].map((at) => batch!.labels[at]), [1, -1, 0, 0]);
      assert.deepEqual(labelsOfStudies(index, batch!.studies), batch!.labels);
    },
  );
});

Deno.test("a loader fails on damaged pixels with an error that names them", () =>
  withLoader({ batchSize: 4, shuffle: false }, async (loader, _index, cache) => {
    const file = join(cache, "shard-00000.u8");
    const bytes = await Deno.readFile(file);
    bytes[16 * 10]! ^= 255;
    await Deno.writeFile(file, bytes);
    await assert.rejects(
      collect(loader.batches({ untilEpoch: 1 })),
      /^DataError: .*the pixels of image 10 are damaged/,
    );
  }));

Deno.test("a loader fails on a shard that cannot be opened with the system's error", () =>
  withLoader({ batchSize: 2, seed: 1 }, async (loader, _index, cache) => {
    const file = join(cache, "shard-00000.u8");
    await Deno.remove(file);
    // Links in a circle, which also root cannot open.
    await Deno.symlink("shard-00000.u8", file);
    const failure = await collect(loader.batches({ untilEpoch: 1 })).then(() => undefined, (error: Error) => error);
    assert.match(sentenceForUser(failure!) ?? "", /shard-00000\.u8/);
    assert.equal((failure as { code?: string }).code, "ELOOP");
  }));

Deno.test("a loader without a full batch, or with a bad batch size, is refused", async () => {
  await assert.rejects(withLoader({ batchSize: 21 }, () => Promise.resolve()), /20 pairs do not fill one batch of 21/);
  await assert.rejects(withLoader({ batchSize: 0 }, () => Promise.resolve()), RangeError);
});

Deno.test("the parts of a batch are its rows in order", async () => {
  const taken: Batch[][] = [];
  for (const part of [{ index: 0, of: 1 }, { index: 0, of: 2 }, { index: 1, of: 2 }]) {
    await withLoader({ batchSize: 2, seed: 4, part }, async (loader) => {
      taken.push(await collect(loader.batches({ untilEpoch: 2 })));
    });
  }
  const [whole, ...parts] = taken;
  whole!.forEach((batch, step) => {
    const rows = parts.map((part) => part[step]!);
    assert.deepEqual(rows.flatMap(({ pairs }) => [...pairs]), [...batch.pairs]);
    assert.deepEqual(rows.flatMap(({ studies }) => [...studies]), [...batch.studies]);
    assert.ok(rows.every((part) => part.pixels.length === batch.pixels.length / 2));
  });
  assert.ok(whole!.length > 1);
});

Deno.test("a batch that cannot be divided into equal parts is rejected", async () => {
  await assert.rejects(
    withLoader({ batchSize: 3, part: { index: 0, of: 2 } }, async () => {}),
    /a batch of 3 cannot be divided into 2 equal parts/,
  );
});
