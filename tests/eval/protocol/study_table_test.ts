import assert from "node:assert/strict";
import { openDataset } from "../../../data/readers/open_dataset.ts";
import { pairsOfSplit, pairStudies } from "../../../data/index/pairs.ts";
import { labelledSubset } from "../../../data/index/subsets.ts";
import { casesOf, studyTable } from "../../../eval/protocol/study_table.ts";

Deno.test("studyTable() has the studies, patients, splits, labels and labelled subsets of the index", async () => {
  const index = await openDataset({
    dataset: "mnist-pairs",
    mnist: { pairs: { train: 200, validate: 20, test: 30 }, seed: 4 },
  });
  const pairs = pairStudies(index);
  const table = studyTable(index, pairs);
  assert.deepEqual([table.studyIds.length, table.labels.length, table.targets.length], [250, 10, 10]);
  assert.deepEqual(table.splits, Int8Array.from({ length: 250 }, (_, i) => i < 200 ? 0 : i < 220 ? 1 : 2));
  for (let study = 0; study < 250; study++) {
    assert.equal(table.targets.reduce((sum, target) => sum + target[study]!, 0), 1);
  }
  const labelled = new Set(table.labelledStudies({ fraction: 0.1, seed: 7 }));
  const theirs = labelledSubset(index, pairsOfSplit(index, pairs, "train"), { fraction: 0.1, seed: 7 });
  assert.deepEqual(labelled, new Set(theirs.study));
  assert.equal(labelled.size, 20);
  const cases = casesOf(table, Int32Array.of(220, 249), { id: "test", split: "test" });
  assert.deepEqual(cases.studyIds, ["test-000000", "test-000029"]);
  assert.deepEqual(cases.viewPositions, ["rotated", "rotated"]);
  assert.deepEqual(cases.labels.map((list) => list[0]), table.targets.map((target) => target[220]));
});
