import assert from "node:assert/strict";
import { evaluateLatents } from "../../../eval/protocol/evaluate_latents.ts";
import { type SupervisedClassifier, supervisedEvaluation } from "../../../eval/protocol/supervised_evaluation.ts";
import { evaluationSchema } from "../../../eval/results/results_schema.ts";
import { syntheticStudies } from "./synthetic_studies.ts";

const bootstrap = { resamples: 100, seed: 5 };
const run = { name: "cnn", method: "supervised", seed: 1 };

/** A probe's scores in the form of a supervised classifier's. */
async function classifier(): Promise<SupervisedClassifier> {
  const { table, views } = syntheticStudies();
  const { evaluations: [e], cases: [cases] } = await evaluateLatents({
    run,
    table,
    views,
    latents: "unimodal",
    bootstrap,
  });
  return {
    run,
    view: "ensemble",
    labels: table.labels,
    cases: cases!,
    scores: e!.scores,
    validation: { labels: cases!.labels, scores: e!.scores },
    labelledFraction: 0.1,
    labelledStudies: 12,
    bootstrap,
  };
}

Deno.test("supervisedEvaluation() measures probabilities like those of a probe", async () => {
  const given = await classifier();
  const e = await supervisedEvaluation(given);
  assert.deepEqual(evaluationSchema.parse(e), e);
  assert.deepEqual([e.probe, e.latents, e.view, e.cases], ["supervised", "none", "ensemble", "test"]);
  assert.deepEqual(e.macro.excluded, ["never", "absent"]);
  const { table, views } = syntheticStudies();
  const { evaluations: [probe] } = await evaluateLatents({ run, table, views, latents: "unimodal", bootstrap });
  assert.deepEqual(e.metrics.map((m) => m.auroc), probe!.metrics.map((m) => m.auroc));
});

Deno.test("supervisedEvaluation() rejects an invalid probability by run, label and study", async () => {
  const given = await classifier();
  const scores = given.scores.map((values) => values && Array.from(values));
  scores[1]![4] = NaN;
  const study = given.cases.studyIds[4];
  await assert.rejects(
    supervisedEvaluation({ ...given, scores }),
    new RegExp(`run cnn: the ensemble classifier's probability of faint for study ${study} is NaN`),
  );
  await assert.rejects(
    supervisedEvaluation({ ...given, validation: { ...given.validation, scores } }),
    /for validation study number 4 is NaN/,
  );
  scores[1]![4] = 1.5;
  await assert.rejects(supervisedEvaluation({ ...given, scores }), /is 1.5; it must lie in \[0, 1\]/);
  await assert.rejects(supervisedEvaluation({ ...given, scores: given.scores.slice(1) }), /5 labels, but scores for 4/);
  const short = given.scores.map((values) => values && Array.from(values).slice(1));
  await assert.rejects(supervisedEvaluation({ ...given, scores: short }), /label "clear": there are \d+ labels but/);
});
