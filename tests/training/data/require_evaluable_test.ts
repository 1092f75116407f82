import assert from "node:assert/strict";
import { openDataset, pairStudies, selectPairs, SPLITS, StudyIndex } from "../../../data/mod.ts";
import { requireEvaluable } from "../../../training/mod.ts";
import { smallRunConfig } from "../small_run.ts";

async function smallTables() {
  const index = await openDataset({ dataset: "mnist-pairs", mnist: { pairs: { train: 8, validate: 4, test: 4 } } });
  const pairs = pairStudies(index);
  const without = (split: string) =>
    selectPairs(pairs, (pair) => SPLITS[index.splitOfStudy(pairs.study[pair]!)] !== split);
  const unlabelled = new StudyIndex({ ...index, labels: [] }, index, index.drops);
  return { index, pairs, without, unlabelled };
}

const PLAIN = smallRunConfig("mmvm");
const UNSCORED = smallRunConfig("mmvm", { training: { noEvaluation: true } });

Deno.test("requireEvaluable() accepts data with labels and all splits", async () => {
  const { index, pairs } = await smallTables();
  requireEvaluable(PLAIN, { index, pairs });
});

Deno.test("requireEvaluable() refuses data without labels or a test split, except with noEvaluation", async () => {
  const { index, pairs, without, unlabelled } = await smallTables();
  assert.throws(
    () => requireEvaluable(PLAIN, { index, pairs: without("test") }),
    /the test split \(official\) has no pair of images, so nothing can be evaluated: .*--split paper.*--no-evaluation/,
  );
  assert.throws(
    () => requireEvaluable(PLAIN, { index: unlabelled, pairs }),
    /there are no label columns, so nothing can be evaluated: .*--no-evaluation/,
  );
  const blank = new StudyIndex(index, {
    ...index,
    studies: { ...index.studies, states: new Uint8Array(index.studies.states.length) },
  }, index.drops);
  assert.throws(() => requireEvaluable(PLAIN, { index: blank, pairs }), /label columns are blank for every study/);
  requireEvaluable(UNSCORED, { index: blank, pairs });
  requireEvaluable(UNSCORED, { index, pairs: without("test") });
  requireEvaluable(UNSCORED, { index: unlabelled, pairs });
});

Deno.test("requireEvaluable() always refuses data without training pairs, and classifiers without labels", async () => {
  const { index, pairs, without, unlabelled } = await smallTables();
  for (const config of [PLAIN, UNSCORED]) {
    assert.throws(
      () => requireEvaluable(config, { index, pairs: without("train") }),
      /the training split .* has no pair/,
    );
  }
  const classifier = smallRunConfig("supervised", { training: { noEvaluation: true } });
  assert.throws(() => requireEvaluable(classifier, { index: unlabelled, pairs }), /no labels, which a supervised/);
});

Deno.test("requireEvaluable() refuses a split in which no study has one of the views", async () => {
  const { index, pairs } = await smallTables();
  const images = pairs.images.map((image, i) =>
    i % 2 === 1 && SPLITS[index.splitOfStudy(pairs.study[Math.floor(i / 2)]!)] === "test" ? -1 : image
  );
  assert.throws(
    () => requireEvaluable(PLAIN, { index, pairs: { ...pairs, images } }),
    /no study of the test split has a noisy image/,
  );
});
