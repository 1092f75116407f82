import assert from "node:assert/strict";
import { join } from "node:path";
import { createLoader, StudyTexts } from "../../../data/mod.ts";
import { type RunData, viewsOfRun, withTexts } from "../../../training/mod.ts";
import { describeDataChanges, fingerprintOf } from "../../../training/data/data_fingerprint.ts";
import { viewWeightsOf } from "../../../training/data/view_weights.ts";
import { smallRunConfig, smallRunData, withReports } from "../small_run.ts";

async function withData(work: (data: RunData, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const data = await smallRunData(join(folder, "cache"));
  try {
    await work(withReports(data), folder);
  } finally {
    data.pixels.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const trimodal = (changes: Record<string, unknown> = {}) =>
  smallRunConfig("mmvm", { model: { views: ["text", "noisy", "rotated"], ...changes } });

Deno.test("a run with a text sees every pair of its images, masked where there is no text", async () => {
  await withData(async (data, folder) => {
    const config = trimodal({ textLength: 32 });
    const views = viewsOfRun(config, data);
    assert.deepEqual([views.names, views.texts, views.missing], [["rotated", "noisy", "text"], [2], true]);
    assert.equal(views.pairs.count, data.pairs.count);
    const { texts } = await withTexts(data, { config, directory: folder, create: true });
    const loader = createLoader(data.pixels, {
      index: data.index,
      pairs: views.pairs,
      batchSize: 8,
      seed: 1,
      texts: texts!.table,
    });
    for await (const { studies, present, texts: [text] = [] } of loader.batches({ untilEpoch: 1 })) {
      assert.deepEqual([...present.subarray(16)], Array.from(studies, (study) => study % 4 === 3 ? 0 : 1));
      const words = Array.from(
        studies,
        (_, row) => texts!.vocabulary.decode(text!.tokens.subarray(32 * row, 32 * row + 32)),
      );
      assert.deepEqual(words, Array.from(studies, (study) => data.index.texts!.get(study) ?? ""));
      break;
    }
  });
});

Deno.test("a run on texts alone has one pair per study with a text", async () => {
  await withData((data) => {
    const { names, pairs, missing } = viewsOfRun(smallRunConfig("independent", { model: { views: ["text"] } }), data);
    assert.deepEqual([names, pairs.views, missing], [["text"], 0, false]);
    assert.equal(pairs.count, data.index.studies.count - Math.floor(data.index.studies.count / 4));
    return Promise.resolve();
  });
});

Deno.test("the vocabulary is that of the training split, and is kept in the run", async () => {
  await withData(async (data, folder) => {
    const config = trimodal();
    await assert.rejects(withTexts(data, { config, directory: folder, create: false }), /has no vocabulary\.json/);
    const made = await withTexts(data, { config, directory: folder, create: true });
    assert.ok(made.texts!.vocabulary.size > 3);
    const words = JSON.parse(await Deno.readTextFile(join(folder, "vocabulary.json"))).words;
    assert.ok(words.includes("effusion"));
    // Other data is read with the run's words.
    const other = { ...data, index: Object.create(data.index, { texts: { value: new StudyTexts(0) } }) };
    const again = await withTexts(other, { config, directory: folder, create: false });
    assert.equal(again.texts!.vocabulary.size, made.texts!.vocabulary.size);
    await Deno.writeTextFile(join(folder, "vocabulary.json"), "{");
    await assert.rejects(withTexts(data, { config, directory: folder, create: true }), /vocabulary\.json is not JSON/);
  });
});

Deno.test("a view named text needs reports", async () => {
  await withData((data) => {
    const without = { ...data, index: Object.create(data.index, { texts: { value: undefined } }) };
    assert.throws(() => viewsOfRun(trimodal(), without), /the view text needs reports, and none were found/);
    return Promise.resolve();
  });
});

Deno.test("a changed text is a change of the training data", async () => {
  await withData((data) => {
    const config = trimodal();
    const before = fingerprintOf(config, data);
    assert.deepEqual(describeDataChanges(before, fingerprintOf(config, data), data), []);
    const texts = new StudyTexts(data.index.studies.count);
    for (let study = 0; study < data.index.studies.count; study++) {
      const text = data.index.texts!.get(study);
      if (text !== undefined) texts.add(study, { findings: study === 0 ? `${text} and more` : text });
    }
    const changed = { ...data, index: Object.create(data.index, { texts: { value: texts } }) };
    const changes = describeDataChanges(before, fingerprintOf(config, changed), changed);
    assert.match(changes.join("; "), /^1 study has another text \(.+\)$/);
    // A run without the text does not depend on it.
    const images = smallRunConfig("mmvm");
    assert.equal(fingerprintOf(images, data).digest, fingerprintOf(images, changed).digest);
    return Promise.resolve();
  });
});

Deno.test("weights are given in the views' order, by name, or follow the published rule for texts", () => {
  const views = { names: ["frontal", "lateral", "text"], texts: [2] };
  const weights = (model: Partial<Parameters<typeof viewWeightsOf>[0]>, of = views) =>
    viewWeightsOf({ imageSize: 64, ...model }, of);
  assert.deepEqual(weights({}), [1, 1, 64]);
  assert.deepEqual(weights({ textLength: 128 }), [1, 1, 32]);
  assert.deepEqual(weights({ textWeight: 2.5 }), [1, 1, 2.5]);
  assert.equal(weights({ textWeight: 1 }), undefined);
  assert.deepEqual(weights({ viewWeights: [1, 2, 3] }), [1, 2, 3]);
  assert.deepEqual(weights({ viewWeights: ["lateral=2", "text=0"] }), [1, 2, 0]);
  assert.deepEqual(weights({ viewWeights: ["frontal=3"] }), [3, 1, 64]);
  // Without images there are no pixels to balance.
  assert.equal(weights({}, { names: ["text"], texts: [0] }), undefined);
  assert.throws(() => weights({ viewWeights: [1, 2] }), /2 weights for the 3 views frontal, lateral, text/);
  assert.throws(() => weights({ viewWeights: [1, "text=2"] }), /both plain and named weights/);
  assert.throws(() => weights({ viewWeights: ["side=2"] }), /names the view side, but the run's views are frontal/);
});
