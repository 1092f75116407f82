import assert from "node:assert/strict";
import { openDataset, pairStudies, type PairTable, SPLITS, type StudyIndex, StudyTexts } from "../../../data/mod.ts";
import { withAbsentText, withAbsentView } from "../../../training/data/absent_view.ts";

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

Deno.test("withAbsentText() removes the text from a share of the training studies, nested by share", () => {
  const texts = new StudyTexts(index.studies.count);
  for (let study = 0; study < index.studies.count; study++) {
    if (study % 2 === 0) texts.add(study, { findings: `study ${study}`, addenda: 1 });
  }
  const whole = Object.create(index, { texts: { value: texts } }) as StudyIndex;
  const studiesWithText = (altered: StudyIndex) =>
    [...index.studies.ids.keys()].filter((study) => altered.texts!.get(study) !== undefined);
  const train = studiesWithText(whole).filter((study) => SPLITS[index.splitOfStudy(study)] === "train").length;
  const [quarter, half, all] = [0.25, 0.5, 1].map((share) =>
    studiesWithText(withAbsentText(whole, { share, seed: 1 }))
  );
  const before = studiesWithText(whole).length;
  assert.deepEqual(
    [quarter!.length, half!.length, all!.length],
    [0.25, 0.5, 1].map((share) => before - Math.round(share * train)),
  );
  assert.ok(half!.every((study) => quarter!.includes(study)));
  assert.ok(all!.every((study) => SPLITS[index.splitOfStudy(study)] !== "train"));
  const { texts: kept } = withAbsentText(whole, { share: 0.5, seed: 1 });
  assert.equal(kept!.get(half![0]!), texts.get(half![0]!));
  assert.deepEqual([kept!.counts().addenda, kept!.counts().texts], [half!.length, half!.length]);
  assert.equal(studiesWithText(whole).length, before);
});

Deno.test("withAbsentText() says that no texts were read", () => {
  assert.throws(() => withAbsentText(index, { share: 0.5, seed: 0 }), {
    name: "DataError",
    message: /the texts are to be taken away, but none were read/,
  });
});
