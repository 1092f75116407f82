import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { LABEL_STATES, labelValue, parseLabelState } from "../../../data/index/labels.ts";
import {
  labelledSubset,
  openDataset,
  pairsOfSplit,
  pairStudies,
  type StudyIndex,
  subjectsOfPairs,
} from "../../../data/mod.ts";
import { patientOverlap, splitBySubject, splitCode } from "../../../data/index/splits.ts";
import { CHEST_VIEWS, viewOfPosition } from "../../../data/index/views.ts";
import { type FixtureImage, inTempDir, plainImages, writeMimic } from "../fixture.ts";

/** Images of one patient from a notation such as `AP PA | LL`: view positions, studies separated by bars. */
function studiesOf(text: string): FixtureImage[] {
  return text.split("|").flatMap((positions, study) =>
    positions.trim().split(/\s+/).map((position) => ({
      subject: "10000001",
      study: String(50000000 + study),
      split: "train",
      position: position === "-" ? "" : position,
    }))
  );
}

async function withIndex(
  images: FixtureImage[],
  body: (index: StudyIndex) => void | Promise<void>,
  options: Partial<Parameters<typeof openDataset>[0]> = {},
): Promise<void> {
  await inTempDir(async (root) => {
    writeMimic(root, { images });
    await body(await openDataset({ root, ...options }));
  });
}

Deno.test("viewOfPosition() takes AP and PA as frontal, LATERAL and LL as lateral, and nothing else", () => {
  assert.deepEqual(["AP", "PA"].map(viewOfPosition), [0, 0]);
  assert.deepEqual(["LATERAL", "LL"].map(viewOfPosition), [1, 1]);
  assert.deepEqual(["", "LAO", "PA LLD", "AP AXIAL", "ap", "SWIMMERS"].map(viewOfPosition), [-1, -1, -1, -1, -1, -1]);
  assert.deepEqual(CHEST_VIEWS, ["frontal", "lateral"]);
});

const SPELLINGS: [keyof typeof LABEL_STATES, string[]][] = [
  ["positive", ["1.0", "1", "1.00", "+1", "1e0", "1.", " 1 ", "1,0", "True", "TRUE", "true", "t", "Yes", "positive"]],
  ["negative", ["0.0", "0", "0.00", "-0", "0e0", ".0", "0,0", "False", "FALSE", "false", "f", "no", "Negative"]],
  ["uncertain", ["-1.0", "-1", "-1.00", "-1e0", "-1,0", "\u22121", "uncertain"]],
  ["blank", ["", " ", "nan", "NaN", "NA", "N/A", "<NA>", "None", "null"]],
];
for (const [state, spellings] of SPELLINGS) {
  Deno.test(`parseLabelState() reads ${state} as ${spellings.map((cell) => JSON.stringify(cell)).join(", ")}`, () => {
    for (const cell of spellings) assert.equal(parseLabelState(cell), LABEL_STATES[state], JSON.stringify(cell));
  });
}

Deno.test("parseLabelState() rejects anything else", () => {
  for (const cell of ["2", "1.5", "--1", "0.5", "1e1", "often", "1 0", "11", "-", "constructor", "Infinity", "0x1"]) {
    assert.equal(parseLabelState(cell), undefined, JSON.stringify(cell));
  }
});

Deno.test("splitCode() knows the usual names of the splits in any case", () => {
  const names = ["train", "Training", "validate", "val", "valid", "VALIDATION", "dev", "test", " Testing "];
  assert.deepEqual(names.map(splitCode), [0, 0, 1, 1, 1, 1, 1, 2, 2]);
  assert.deepEqual(["", "tests", "sometimes", "constructor"].map(splitCode), [-1, -1, -1, -1]);
});

Deno.test("labelValue() follows the uncertain and blank policies", () => {
  const { positive, negative, uncertain, blank } = LABEL_STATES;
  for (const policy of ["zeros", "ones", "ignore"] as const) {
    assert.equal(labelValue(positive, { uncertain: policy, blank: "ignore" }), 1);
    assert.equal(labelValue(negative, { uncertain: policy, blank: "ignore" }), 0);
    const expected = { zeros: 0, ones: 1, ignore: null }[policy];
    assert.equal(labelValue(uncertain, { uncertain: policy, blank: "ignore" }), expected);
  }
  assert.equal(labelValue(blank, { uncertain: "ones", blank: "zeros" }), 0);
  assert.equal(labelValue(blank, { uncertain: "ones", blank: "ignore" }), null);
});

Deno.test("pairStudies() combines every frontal with every lateral image of a study", () =>
  withIndex(studiesOf("AP PA LL | PA LATERAL LL | AP | LL | - PA LL"), (index) => {
    const pairs = pairStudies(index);
    assert.deepEqual([...pairs.study], [0, 0, 1, 1, 4]);
    assert.deepEqual([...pairs.images], [0, 2, 1, 2, 3, 4, 3, 5, 9, 10]);
    assert.deepEqual(pairs.drops.entries().map(({ reason, count }) => [reason, count]), [
      ["view position is blank", 1],
      ["study has no lateral image", 1],
      ["study has no frontal image", 1],
    ]);
  }));

Deno.test("pairStudies() one-frontal-one-lateral keeps studies with exactly one of each", () =>
  withIndex(studiesOf("AP PA LL | PA LATERAL LL | AP | LL | PA LL"), (index) => {
    const pairs = pairStudies(index, { policy: "one-frontal-one-lateral" });
    assert.deepEqual([...pairs.images], [8, 9]);
    assert.deepEqual([...pairs.study], [4]);
  }));

Deno.test("pairStudies() all-combinations-missing keeps a study that lacks a view, with -1 for the view", () =>
  withIndex(studiesOf("AP PA LL | AP | LL LL | -"), (index) => {
    const pairs = pairStudies(index, { policy: "all-combinations-missing" });
    assert.deepEqual([...pairs.images], [0, 2, 1, 2, 3, -1, -1, 4, -1, 5]);
  }));

Deno.test("splitBySubject() splits 80/10/10, depending on the seed and not on row order", () => {
  const ids = Array.from({ length: 200 }, (_, i) => String(10000000 + i));
  const splits = splitBySubject(ids, 1);
  const counts = [0, 0, 0];
  for (const split of splits) counts[split]!++;
  assert.deepEqual(counts, [160, 20, 20]);
  const reversed = splitBySubject(ids.toReversed(), 1);
  assert.deepEqual([...reversed].reverse(), [...splits]);
  assert.notDeepEqual([...splitBySubject(ids, 2)], [...splits]);
});

Deno.test("no policy assigns a patient to two splits", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 30 }),
      fc.nat(1000),
      async (subjects, seed) => {
        const images = subjects.flatMap((subject, i) =>
          ["AP", "LL"].map((position) => ({
            subject: String(10000000 + subject),
            study: String(50000000 + i),
            split: "train",
            position,
            content: null,
          }))
        );
        await withIndex(images, (index) => {
          const { studies } = index;
          for (const { subjects } of patientOverlap(index, studies.ids.keys())) assert.equal(subjects, 0);
          const parts = (["train", "validate", "test"] as const).map((split) =>
            pairsOfSplit(index, pairStudies(index), split)
          );
          assert.equal(parts.reduce((sum, part) => sum + part.count, 0), pairStudies(index).count);
        }, { splits: "paper", splitSeed: seed, checkFiles: false });
      },
    ),
    { numRuns: 15 },
  ));

Deno.test("a split file assigns subjects, and subjects without a split are excluded", () =>
  inTempDir(async (root) => {
    writeMimic(join(root, "m"), { images: plainImages(3) });
    const file = join(root, "split.csv");
    await Deno.writeTextFile(file, "subject_id,split\n10000000,test\n10000001,train\n10000000,test\n");
    const index = await openDataset({ root: join(root, "m"), splits: { file } });
    assert.deepEqual([...index.subjects.split], [2, 0, -1]);
    assert.equal(pairStudies(index).count, 4);
    assert.equal(index.drops.entries()[0]!.count, 2);
    await Deno.writeTextFile(file, "subject_id,split\n10000000,test\n10000000,train\n");
    await assert.rejects(
      openDataset({ root: join(root, "m"), splits: { file } }),
      /split\.csv, line 3: subject "10000000" is in test and in train/,
    );
    await Deno.writeTextFile(file, "subject_id,split\n10000000,holdout\n");
    await assert.rejects(
      openDataset({ root: join(root, "m"), splits: { file } }),
      /split\.csv, line 2, column "split": "holdout" is no split/,
    );
  }));

Deno.test("labelledSubset() draws whole patients, nested, by fraction or count", () =>
  withIndex(plainImages(40), (index) => {
    const train = pairsOfSplit(index, pairStudies(index), "train");
    let before: number[] = [];
    for (const fraction of [0.05, 0.1, 0.25, 0.5, 1]) {
      const subset = labelledSubset(index, train, { fraction, seed: 7 });
      const subjects = subjectsOfPairs(index, subset);
      assert.equal(subjects.length, Math.ceil(fraction * 38));
      assert.equal(subset.count, subjects.length * 2, "all pairs of a chosen patient");
      assert.ok(before.every((subject) => subjects.includes(subject)), "nested");
      before = subjects;
    }
    const five = subjectsOfPairs(index, labelledSubset(index, train, { count: 5, seed: 7 }));
    assert.equal(five.length, 5);
    assert.notDeepEqual(five, subjectsOfPairs(index, labelledSubset(index, train, { count: 5, seed: 8 })));
    assert.throws(() => labelledSubset(index, train, { fraction: 0, seed: 1 }), RangeError);
    assert.throws(() => labelledSubset(index, train, { count: 0, seed: 1 }), RangeError);
  }));
