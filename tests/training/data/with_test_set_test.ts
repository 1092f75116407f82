import assert from "node:assert/strict";
import { join } from "node:path";
import {
  createLoader,
  describeIndex,
  labelledSubset,
  pairsOfSplit,
  type PairTable,
  studiesOfPairs,
} from "../../../data/mod.ts";
import { writePhantoms } from "../../../phantoms/mod.ts";
import { alterRunData, type DataConfig, openRunData, type RunData, withTestSet } from "../../../training/mod.ts";

const folder = await Deno.makeTempDir({ prefix: "mmvm_with_test_set_" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

async function opened(seed: number, changes: Partial<DataConfig> = {}): Promise<RunData> {
  const root = join(folder, String(seed));
  await writePhantoms(root, { studies: 24, seed, scale: 0.02, workers: 1 });
  return await openRunData({
    data: {
      ...{ dataset: "phantoms", root, labels: "chexpert", uncertain: "zeros", blank: "zeros" },
      ...{ pairs: "all-combinations", splitSeed: 0, strict: false },
      ...changes,
    },
    imageSize: 16,
    texts: true,
    cacheDir: join(folder, "cache"),
  });
}

const [own, unseen] = [await opened(1), await opened(2)];
const both = withTestSet(own, unseen);
// Opens the shards, which the joined data share, before any test.
for (const { pixels } of [own, unseen]) pixels.read(0);

const imagesOf = ({ index }: RunData, pairs: PairTable) =>
  Array.from(pairs.images, (image) => index.source.name(image));

Deno.test("the test split is every pair of the second data set, and the other splits are the first one's", () => {
  for (const split of ["train", "validate"] as const) {
    const [before, after] = [own, both].map((data) => imagesOf(data, pairsOfSplit(data.index, data.pairs, split)));
    assert.ok(before!.length > 0);
    assert.deepEqual(after, before);
  }
  const test = pairsOfSplit(both.index, both.pairs, "test");
  assert.deepEqual(imagesOf(both, test), imagesOf(unseen, unseen.pairs));
  const others = pairsOfSplit(own.index, own.pairs, "train").count +
    pairsOfSplit(own.index, own.pairs, "validate").count;
  assert.ok(others < own.pairs.count, "there are test pairs to replace");
  assert.equal(both.pairs.count, others + test.count);
});

Deno.test("labels, texts, view positions and groups of the second data set stay with its studies", () => {
  const { index } = both;
  const at = own.index.studies.count;
  for (let study = 0; study < unseen.index.studies.count; study++) {
    assert.equal(index.studies.ids[at + study], unseen.index.studies.ids[study]);
    assert.equal(index.texts!.get(at + study), unseen.index.texts!.get(study));
    index.labels.forEach((_, label) =>
      assert.equal(index.labelState(at + study, label), unseen.index.labelState(study, label))
    );
    for (const [attribute, groups] of unseen.index.demographics!.groups) {
      assert.equal(index.demographics!.groups.get(attribute)![at + study], groups[study]);
    }
  }
  const position = ({ images }: RunData["index"], image: number) => images.positions[images.position[image]!];
  for (let image = 0; image < unseen.index.images.count; image++) {
    assert.equal(position(index, own.index.images.count + image), position(unseen.index, image));
  }
});

Deno.test("batches hold the pixels of both caches, with what is done to the joined images", async () => {
  const altered = alterRunData(both, {
    degraded: { view: "lateral", kind: "blackout", amount: 1, in: "testing", seed: 1 },
  });
  const first = own.index.images.count;
  for (const data of [both, altered]) {
    const { index, pixels, pairs } = data;
    const batches = createLoader(pixels, { index, pairs, batchSize: 4, shuffle: false, partial: "pad" });
    const seen = new Set<number>();
    for await (const batch of batches.batches({ untilEpoch: 1 })) {
      for (let view = 0; view < 2; view++) {
        for (let row = 0; row < batch.size; row++) {
          const image = pairs.images[batch.pairs[row]! * 2 + view]!;
          const start = (view * 4 + row) * pixels.bytesPerImage;
          const black = data === altered && image >= first && view === 1;
          const expected = image < first ? own.pixels.read(image) : unseen.pixels.read(image - first);
          seen.add(image);
          assert.deepEqual(
            batch.pixels.slice(start, start + pixels.bytesPerImage),
            black ? expected.map(() => 0) : expected,
          );
        }
      }
    }
    assert.deepEqual(seen, new Set(pairs.images));
  }
});

Deno.test("labelled patients, label noise and removed views are drawn as without a test set", () => {
  const train = (data: RunData) => pairsOfSplit(data.index, data.pairs, "train");
  const labelled = (data: RunData) => labelledSubset(data.index, train(data), { fraction: 0.5, seed: 3 }).study;
  assert.deepEqual(labelled(both), labelled(own));
  const changes = {
    absent: { view: "lateral", share: 0.5, seed: 2 },
    labelNoise: { share: 0.4, seed: 2 },
  };
  const [before, after] = [own, both].map((data) => alterRunData(data, changes)) as [RunData, RunData];
  assert.deepEqual(train(after).images, train(before).images);
  assert.ok(train(after).images.includes(-1));
  for (const study of studiesOfPairs(train(before))) {
    before.index.labels.forEach((_, label) =>
      assert.equal(after.index.labelState(study, label), before.index.labelState(study, label))
    );
  }
});

Deno.test("the description of the data counts the replaced test studies as left out", () => {
  const { cohort, splits, patientOverlap } = describeIndex(both.index, { pairs: both.pairs, imageSize: 16 });
  const replaced = cohort.find(({ reason }) =>
    reason.startsWith(`test study, replaced by those of ${unseen.index.root}`)
  );
  assert.ok(replaced);
  assert.equal(cohort.at(-1)!.studies, splits.reduce((sum, { studies }) => sum + studies, 0));
  assert.ok(patientOverlap.every(({ subjects }) => subjects === 0));
});

Deno.test("a test set with patients of the first data set, or read in another way, is refused", async () => {
  assert.throws(() => withTestSet(own, own), /subjects \d+ is in .*: a test set must have none of the patients/);
  const other = await opened(2, { uncertain: "ones" });
  assert.throws(() => withTestSet(own, other), /policies is .*a test set must be read like the data/);
  const fast = [await opened(1, { decode: "fast" }), await opened(2, { decode: "fast" })] as const;
  assert.throws(() => withTestSet(own, fast[1]), /decode is "fast", but "exact" in .*a test set must be read like/);
  assert.equal(withTestSet(...fast).index.decode, "fast");
});
