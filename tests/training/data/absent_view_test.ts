import assert from "node:assert/strict";
import { openDataset, pairStudies, type PairTable, SPLITS } from "../../../data/mod.ts";
import { withAbsentView } from "../../../training/data/absent_view.ts";

const index = await openDataset({ dataset: "mnist-pairs", mnist: { pairs: { train: 200, validate: 30, test: 30 } } });
const pairs = pairStudies(index);

/** Studies without the second view. */
function lacking({ count, study, images }: PairTable): number[] {
  return Array.from({ length: count }, (_, pair) => pair).filter((pair) => images[2 * pair + 1]! < 0)
    .map((pair) => study[pair]!);
}

Deno.test("withAbsentView() removes the view from a share of the training studies, nested by share", () => {
  const at = (share: number, seed = 1) => withAbsentView(pairs, { index, view: "noisy", share, seed });
  const [quarter, half] = [lacking(at(0.25)), lacking(at(0.5))];
  assert.deepEqual([quarter.length, half.length], [50, 100]);
  assert.ok(quarter.every((study) => half.includes(study)));
  assert.ok(half.every((study) => SPLITS[index.splitOfStudy(study)] === "train"));
  assert.notDeepEqual(lacking(at(0.25, 2)), quarter);
  assert.deepEqual(at(0), pairs);
  assert.equal(at(0.5).count, pairs.count);
});

Deno.test("withAbsentView() merges pairs that become equal and drops studies without any other view", () => {
  // Study 0 with two laterals and one frontal, study 1 with a lateral alone, study 2 of the test split.
  const test = Array.from(pairs.study).findIndex((study) => SPLITS[index.splitOfStudy(study)] === "test");
  const table = {
    ...pairs,
    count: 4,
    study: Int32Array.of(0, 0, 1, test),
    images: Int32Array.of(10, 11, 10, 12, -1, 13, 20, 21),
  };
  const left = withAbsentView(table, { index, view: "noisy", share: 1, seed: 0 });
  assert.deepEqual([...left.study], [0, test]);
  assert.deepEqual([...left.images], [10, -1, 20, 21]);
  assert.equal(left.count, 2);
});

Deno.test("withAbsentView() names a view that the data do not have", () => {
  assert.throws(() => withAbsentView(pairs, { index, view: "lateral", share: 0.5, seed: 0 }), {
    name: "DataError",
    message: /the view lateral is to be taken away, but the data have rotated, noisy/,
  });
});
