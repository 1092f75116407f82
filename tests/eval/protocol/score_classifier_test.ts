import assert from "node:assert/strict";
import fc from "fast-check";
import { auroc } from "../../../eval/metrics/roc.ts";
import { sigmoid } from "../../../eval/probes/logistic_regression.ts";
import { scoreClassifier, storedScores } from "../../../eval/protocol/score_classifier.ts";
import { supervisedEvaluation } from "../../../eval/protocol/supervised_evaluation.ts";
import type { Cases } from "../../../eval/results/results.ts";

/** Test studies of one label that logits from 21 to 33 rank perfectly. */
function confident(): { cases: Cases; scores: number[] } {
  const count = 200;
  const names = Array.from({ length: count }, (_, i) => `s${i}`);
  // Out of order, so that ties cannot fall the right way by chance.
  const places = names.map((_, i) => (i * 77) % count);
  const labels = places.map((place) => place >= 150 ? 1 as const : 0 as const);
  const cases = {
    id: "test",
    split: "test",
    studyIds: names,
    subjectIds: names,
    viewPositions: names,
    labels: [labels],
  };
  return { cases, scores: places.map((place) => sigmoid(21 + 12 * place / (count - 1))) };
}

Deno.test("scores of logits from 21 to 33 that rank perfectly have an AUROC of 1", async () => {
  const { cases, scores } = confident();
  const classifier = { labels: ["sure"], cases, bootstrap: { resamples: 20 } };
  const validation = { labels: cases.labels, scores: [scores] };
  const run = { name: "a", method: "supervised", seed: 0 };
  const evaluation = await supervisedEvaluation({
    ...classifier,
    run,
    view: "frontal",
    scores: [scores],
    validation,
    labelledFraction: 1,
    labelledStudies: 10,
  });
  assert.deepEqual(evaluation.metrics[0]!.auroc, { value: 1, low: 1, high: 1 });
  assert.equal(evaluation.metrics[0]!.averagePrecision.value, 1);
  assert.equal(auroc(cases.labels[0]!, JSON.parse(JSON.stringify(evaluation.scores[0]))), 1);
  const measured = await scoreClassifier({
    ...classifier,
    scores: [storedScores(scores.map((score) => 1 - score))],
    validation,
    exclusive: false,
  });
  assert.equal(measured.metrics[0]!.auroc.value, 0);
});

Deno.test("storedScores() keeps the order of any scores, and nine digits where they suffice", () => {
  const score = fc.oneof(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 15, max: 36, noNaN: true }).map(sigmoid),
    fc.integer({ min: 0, max: 40 }).map((k) => 0.3 + k * 1e-11),
  );
  fc.assert(fc.property(fc.array(score, { minLength: 1, maxLength: 60 }), (scores) => {
    const stored = storedScores(scores);
    stored.forEach((value, i) => {
      assert.ok(Math.abs(value - scores[i]!) <= 5.01e-9 * scores[i]!);
      stored.forEach((other, k) => assert.equal(Math.sign(value - other), Math.sign(scores[i]! - scores[k]!)));
    });
  }));
  assert.deepEqual(storedScores([0.1234567891234, 0.9876543219876]), [0.123456789, 0.987654322]);
});
