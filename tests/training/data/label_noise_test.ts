import assert from "node:assert/strict";
import { LABEL_STATES, openDataset, SPLITS, type StudyIndex } from "../../../data/mod.ts";
import { writePhantoms } from "../../../phantoms/mod.ts";
import { withLabelNoise } from "../../../training/data/label_noise.ts";

const PAIRS = { train: 200, validate: 30, test: 30 };

/** Studies whose labels differ, by split. */
function changed(a: StudyIndex, b: StudyIndex, label: number): Record<string, string[]> {
  const found: Record<string, string[]> = { train: [], validate: [], test: [] };
  for (let study = 0; study < a.studies.count; study++) {
    if (a.labelState(study, label) === b.labelState(study, label)) continue;
    found[SPLITS[a.splitOfStudy(study)]!]!.push(a.studies.ids[study]!);
  }
  return found;
}

Deno.test("withLabelNoise() changes a share of the training digits, nested by share", async () => {
  const index = await openDataset({ dataset: "mnist-pairs", mnist: { pairs: PAIRS } });
  const digits = (of: StudyIndex) =>
    Array.from({ length: of.studies.count }, (_, study) => {
      const set = of.labels.flatMap((_, label) => of.labelState(study, label) === LABEL_STATES.positive ? [label] : []);
      assert.equal(set.length, 1);
      return set[0]!;
    });
  const clean = digits(index);
  const wrong = (share: number, seed = 1) =>
    digits(withLabelNoise(index, { share, seed })).flatMap((digit, study) => digit === clean[study] ? [] : [study]);
  const [few, many] = [wrong(0.1), wrong(0.4)];
  assert.equal(few.length, 20);
  assert.equal(many.length, 80);
  assert.ok(few.every((study) => many.includes(study)));
  assert.ok(many.every((study) => SPLITS[index.splitOfStudy(study)] === "train"));
  assert.notDeepEqual(wrong(0.1, 2), few);
  assert.deepEqual(wrong(0), []);
  assert.deepEqual(digits(index), clean);
});

Deno.test("withLabelNoise() flips a share of each finding's training labels independently", async () => {
  const root = await Deno.makeTempDir({ prefix: "mmvm-noise-" });
  try {
    await writePhantoms(`${root}/phantoms`, { studies: 40, seed: 2, scale: 0.02, workers: 1 });
    const index = await openDataset({ root: `${root}/phantoms`, uncertain: "ignore" });
    const noisy = withLabelNoise(index, { share: 0.25, seed: 3 });
    const drawn = index.labels.map((_, label) => changed(index, noisy, label));
    const train = Array.from({ length: index.studies.count }, (_, study) => study)
      .filter((study) => SPLITS[index.splitOfStudy(study)] === "train" && index.studies.dropped[study] === 0);
    for (const [label, { train: turned, validate, test }] of drawn.entries()) {
      const known = train.filter((study) => index.labelState(study, label) !== LABEL_STATES.uncertain);
      // A blank, which counts as negative, becomes positive.
      assert.equal(turned!.length, Math.round(0.25 * known.length));
      assert.deepEqual([validate, test], [[], []]);
    }
    assert.ok(new Set(drawn.map(({ train }) => train!.join())).size > 1);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
