import assert from "node:assert/strict";
import { SPLITS } from "../../../data/mod.ts";
import { probePairs, validationPairs } from "../../../training/validation/validation_sample.ts";
import { smallRunConfig, smallRunData, withMissingViews } from "../small_run.ts";

const cacheDir = await Deno.makeTempDir({ prefix: "mmvm_validation_sample_" });
Deno.test.afterAll(() => Deno.remove(cacheDir, { recursive: true }));
const data = await smallRunData(cacheDir);
const stepsPerEpoch = 1000;

Deno.test("a validation has whole batches of the validation split, the same ones every time", () => {
  const config = smallRunConfig("mmvm");
  const pairs = validationPairs(config, data, { stepsPerEpoch })!;
  assert.equal(pairs.count, 32, "two batches of 16 of 40 pairs");
  const split = SPLITS.indexOf("validate");
  assert.ok(pairs.study.every((study) => data.index.splitOfStudy(study) === split));
  assert.equal(new Set(pairs.images).size, 64, "no pair is repeated");
  assert.deepEqual(validationPairs(config, data, { stepsPerEpoch })!.images, pairs.images);
});

Deno.test("a validation is small beside a short epoch, unless the number of pairs is given or AUROC is wanted", () => {
  const count = (training: object) =>
    validationPairs(smallRunConfig("mmvm", { training }), data, { stepsPerEpoch: 6 })!.count;
  assert.equal(count({}), 16);
  assert.equal(count({ validatePairs: 40 }), 32);
  assert.equal(count({ validatePairs: 1 }), 16);
  assert.equal(count({ validateAuroc: true }), 32);
  assert.equal(count({ keepBest: "auroc" }), 32);
});

Deno.test("fewer validation pairs than a batch are repeated until they fill one", () => {
  const pairs = validationPairs(smallRunConfig("mmvm", { training: { batchSize: 96 } }), data, { stepsPerEpoch })!;
  assert.equal(pairs.count, 96);
  assert.equal(new Set(pairs.study).size, 40);
});

Deno.test("a run on one view validates on the pairs that have it, and none without a validation split", () => {
  const missing = withMissingViews(data);
  const config = smallRunConfig("independent", { model: { views: [data.index.views[0]!] }, missing: true });
  const pairs = validationPairs(config, missing, { stepsPerEpoch })!;
  assert.ok(pairs.images.every((image) => image >= 0));
  const none = { index: data.index, pairs: { ...data.pairs, count: 0 } };
  assert.equal(validationPairs(config, none, { stepsPerEpoch }), undefined);
});

Deno.test("probes are trained on training pairs of the labelled patients only", () => {
  const of = (labelled: number) => new Set(probePairs(smallRunConfig("mmvm", { training: { labelled } }), data).study);
  const [few, all] = [of(0.25), of(1)];
  assert.equal(few.size, 24 - 24 % 16);
  assert.equal(all.size, 96);
  assert.ok([...few].every((study) => data.index.splitOfStudy(study) === SPLITS.indexOf("train")));
});
