import assert from "node:assert/strict";
import { LABEL_STATES, StudyIndex } from "../../../data/mod.ts";
import { auroc, formatLabelSetTable, scoreLabelSets } from "../../../eval/mod.ts";
import { cohenKappa, sensitivityOf, specificityOf } from "../../../eval/metrics/agreement.ts";
import { casesOf, studyTable } from "../../../eval/protocol/study_table.ts";
import { dataSchema, evaluationSchema } from "../../../eval/results/results_schema.ts";
import { FastRandom } from "../../../base/random.ts";
import { smallIndex } from "../embeddings/small_index.ts";
import { scoredEvaluation } from "./scored_evaluation.ts";

const bootstrap = { resamples: 100 };
const { blank, positive, negative } = LABEL_STATES;

/** 120 studies with random labels; the second set has half of them and contradicts every fifth label. */
async function simulated() {
  const { index, pairs } = smallIndex({ studies: 120 });
  const random = new FastRandom(2, 0);
  const { states } = index.studies;
  states.forEach((_, i) => states[i] = random.uniform() < 0.4 ? positive : negative);
  index.testLabels = {
    source: "radiologists",
    labelled: Uint8Array.from({ length: index.studies.count }, (_, study) => study % 2),
    states: states.map((state, i) => i === 3 ? blank : i % 5 ? state : state === positive ? negative : positive),
  };
  const table = studyTable(index, pairs);
  const cases = casesOf(table, Int32Array.from({ length: 120 }, (_, study) => study), { id: "test", split: "test" });
  const scores = cases.labels.map((column) => column.map((label) => label! * 0.3 + 0.7 * random.uniform()));
  const evaluation = await scoredEvaluation({ labels: index.labels, cases, scores, bootstrap });
  return { index, cases, evaluation };
}

Deno.test("scoreLabelSets() scores the studies that have both sets under each of them", async () => {
  const { index, cases, evaluation } = await simulated();
  const { evaluations: [one] } = await scoreLabelSets([evaluation], { index, cases: [cases], bootstrap });
  assert.deepEqual(evaluationSchema.parse(one), one);
  const { labelSets } = one!;
  const { labelled, states } = index.testLabels!;
  const shared = cases.studyIds.map((_, study) => study).filter((study) => labelled[study] === 1);
  assert.equal(labelSets!.studies, 60);
  for (const [l, { label, training, test, difference }] of labelSets!.labels.entries()) {
    assert.equal(label, index.labels[l]);
    const own = shared.map((study) => cases.labels[l]![study]!);
    const other = shared.map((study) => states[study * 2 + l] === positive ? 1 : 0);
    const scores = shared.map((study) => evaluation.scores[l]![study]!);
    assert.equal(training.value, auroc(own, scores));
    assert.equal(test.value, auroc(other, scores));
    assert.equal(difference.value, test.value! - training.value!);
    assert.ok(difference.low! <= difference.value! && difference.value! <= difference.high!);
  }
  const { macro } = labelSets!;
  assert.deepEqual(macro.labels, index.labels);
  const mean = (set: "training" | "test") =>
    (labelSets!.labels[0]![set].value! + labelSets!.labels[1]![set].value!) / 2;
  assert.deepEqual([macro.training.value, macro.test.value], [mean("training"), mean("test")]);
  assert.equal(macro.difference.value, mean("test") - mean("training"));
});

Deno.test("scoreLabelSets() measures agreement with the second set as the reference", async () => {
  const { index, cases, evaluation } = await simulated();
  const { evaluations, agreement } = await scoreLabelSets([evaluation], { index, cases: [cases], bootstrap });
  assert.deepEqual([agreement!.training, agreement!.test], ["chexpert", "radiologists"]);
  assert.deepEqual([agreement!.studies, agreement!.subjects], [60, 60]);
  for (const [l, label] of agreement!.labels.entries()) {
    const counts = { bothPositive: 0, referenceOnly: 0, otherOnly: 0, bothNegative: 0 };
    for (let study = 1; study < 120; study += 2) {
      const reference = index.testLabels!.states[study * 2 + l] === positive;
      const other = cases.labels[l]![study] === 1;
      counts[reference ? (other ? "bothPositive" : "referenceOnly") : other ? "otherOnly" : "bothNegative"]++;
    }
    assert.equal(label.testPositives, counts.bothPositive + counts.referenceOnly);
    assert.equal(label.trainingPositives, counts.bothPositive + counts.otherOnly);
    assert.equal(label.kappa.value, cohenKappa(counts));
    assert.equal(label.sensitivity.value, counts.bothPositive / (counts.bothPositive + counts.referenceOnly));
    assert.equal(label.specificity.value, counts.bothNegative / (counts.bothNegative + counts.otherOnly));
    assert.ok(label.kappa.low! < label.kappa.value! && label.kappa.value! < label.kappa.high!);
  }
  const data = { labelAgreement: agreement } as Parameters<typeof formatLabelSetTable>[0]["data"];
  const table = formatLabelSetTable({ data, evaluations });
  assert.match(table, /^two label sets, demo, frontal$/m);
  assert.match(table, /^ +kappa +sens\. +spec\. +AUROC, chexpert +AUROC, radiologists +difference$/m);
  assert.match(table, /^on the 60 test studies that have both/m);
  assert.equal(
    dataSchema.safeParse({ labelAgreement: agreement }).error!.issues.some(({ path }) => path[0] === "labelAgreement"),
    false,
  );
});

Deno.test("scoreLabelSets() leaves out labels that either set ignores", async () => {
  const { index, cases, evaluation } = await simulated();
  const ignoring = new StudyIndex(
    { ...headerOf(index), policies: { ...index.policies, blank: "ignore" } },
    index,
    index.drops,
  );
  ignoring.testLabels = index.testLabels;
  const { agreement } = await scoreLabelSets([evaluation], { index: ignoring, cases: [cases], bootstrap });
  const [edema, pneumonia] = agreement!.labels;
  const states = index.testLabels!.states;
  const positives = (l: number) =>
    Array.from({ length: 60 }, (_, k) => states[(2 * k + 1) * 2 + l]).filter((state) => state === positive).length;
  assert.deepEqual([edema!.testPositives, pneumonia!.testPositives], [positives(0), positives(1)]);
  const none = { ...index.testLabels!, labelled: new Uint8Array(index.studies.count) };
  ignoring.testLabels = none;
  const without = await scoreLabelSets([evaluation], { index: ignoring, cases: [cases], bootstrap });
  assert.deepEqual(without, { evaluations: [evaluation] });
  ignoring.testLabels = undefined;
  assert.deepEqual(await scoreLabelSets([evaluation], { index: ignoring, cases: [cases] }), {
    evaluations: [evaluation],
  });
});

function headerOf({ dataset, root, synthetic, views, labels, labelSource, policies, source }: StudyIndex) {
  return { dataset, root, synthetic, views, labels, labelSource, policies, source };
}

Deno.test("cohenKappa(), sensitivityOf() and specificityOf() match a worked example and limiting cases", () => {
  // The sets agree on 0.7 of the cases, and would on 0.5 by chance.
  const example = { bothPositive: 20, referenceOnly: 5, otherOnly: 10, bothNegative: 15 };
  assert.ok(Math.abs(cohenKappa(example) - 0.4) < 1e-12);
  assert.deepEqual([sensitivityOf(example), specificityOf(example)], [0.8, 0.6]);
  const same = { bothPositive: 3, referenceOnly: 0, otherOnly: 0, bothNegative: 9 };
  assert.equal(cohenKappa(same), 1);
  const opposite = { bothPositive: 0, referenceOnly: 5, otherOnly: 5, bothNegative: 0 };
  assert.equal(cohenKappa(opposite), -1);
  assert.ok(Number.isNaN(cohenKappa({ bothPositive: 0, referenceOnly: 0, otherOnly: 0, bothNegative: 4 })));
  assert.ok(Number.isNaN(sensitivityOf({ bothPositive: 0, referenceOnly: 0, otherOnly: 1, bothNegative: 4 })));
});
