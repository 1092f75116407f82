import assert from "node:assert/strict";
import { auroc } from "../../../eval/metrics/roc.ts";
import { evaluateLatents, type LatentEvaluation } from "../../../eval/protocol/evaluate_latents.ts";
import { evaluationSchema } from "../../../eval/results/results_schema.ts";
import { SPLIT, syntheticStudies } from "./synthetic_studies.ts";

const run = { name: "a", method: "mmvm", seed: 3 };
const bootstrap = { resamples: 200, seed: 5 };

function evaluation(changes: Partial<LatentEvaluation> = {}): LatentEvaluation {
  return { run, ...syntheticStudies(), latents: "unimodal", bootstrap, ...changes };
}

Deno.test("evaluateLatents() returns one valid evaluation per view with a shared cases record", async () => {
  const { evaluations, cases } = await evaluateLatents(evaluation({ setting: { "label-noise": 0.2 } }));
  assert.deepEqual(evaluations.map((e) => e.view), ["frontal", "lateral"]);
  assert.deepEqual(cases.map((record) => record.id), ["test"]);
  for (const e of evaluations) {
    assert.deepEqual(evaluationSchema.parse(e), e);
    assert.deepEqual([e.run, e.method, e.seed, e.probe, e.cases], ["a", "mmvm", 3, "logistic-regression", "test"]);
    assert.deepEqual(e.setting, { "label-noise": 0.2 });
    assert.equal("accuracy" in e, false);
  }
  const [frontal, lateral] = evaluations;
  assert.ok(frontal!.metrics[0]!.auroc.value! > 0.9);
  assert.ok(
    lateral!.metrics[0]!.auroc.value! > 0.7 && lateral!.metrics[0]!.auroc.value! < frontal!.metrics[0]!.auroc.value!,
  );
});

Deno.test("evaluateLatents() scores each test study once regardless of its number of pairs", async () => {
  const { table } = syntheticStudies();
  const { evaluations, cases: [record] } = await evaluateLatents(evaluation());
  const wanted = table.studyIds.filter((_, study) => table.splits[study] === SPLIT.test);
  assert.deepEqual(record!.studyIds, wanted);
  assert.deepEqual(record!.subjectIds, wanted.map((id) => table.subjectIds[table.studyIds.indexOf(id)]));
  assert.deepEqual(record!.viewPositions, wanted.map((id) => table.studyIds.indexOf(id) % 2 === 0 ? "AP" : "PA"));
  assert.equal(evaluations[0]!.scores[0]!.length, wanted.length);
});

Deno.test("evaluateLatents()'s metrics can be recomputed from the stored scores", async () => {
  const { evaluations, cases: [record] } = await evaluateLatents(evaluation());
  for (const e of evaluations) {
    for (const [label, metrics] of e.metrics.entries()) {
      const scores = e.scores[label]!;
      assert.equal(metrics.auroc.value, scores && auroc(record!.labels[label]!, scores));
      if (scores !== null) assert.ok(scores.every((score) => score === Number(score.toPrecision(9))));
      if (metrics.auroc.value === null) continue;
      assert.ok(metrics.auroc.low! <= metrics.auroc.value && metrics.auroc.value <= metrics.auroc.high!);
      assert.ok(metrics.f1! > 0 && metrics.brier! < 0.3 && metrics.sensitivityAt90Specificity! > 0);
      assert.equal(metrics.reliability.reduce((sum, bin) => sum + bin.count, 0), metrics.positives + metrics.negatives);
    }
  }
});

Deno.test("evaluateLatents() excludes a label with one class in the training or test split", async () => {
  const { evaluations: [e] } = await evaluateLatents(evaluation());
  assert.deepEqual(e!.macro.labels, ["clear", "faint", "unsure"]);
  assert.deepEqual(e!.macro.excluded, ["never", "absent"]);
  const [clear, faint, never, absent, unsure] = e!.metrics;
  assert.equal(e!.scores[2], null);
  assert.deepEqual([never!.auroc.value, never!.threshold, never!.brier, never!.positives], [null, null, null, 0]);
  // `absent` could be fitted and has scores, but no test study is positive.
  assert.notEqual(e!.scores[3], null);
  assert.deepEqual(absent!.auroc, { value: null, low: null, high: null });
  assert.deepEqual([absent!.averagePrecision.value, absent!.f1, absent!.threshold], [null, null, null]);
  assert.ok(absent!.brier !== null && absent!.brier < 0.2);
  const mean = (clear!.auroc.value! + faint!.auroc.value! + unsure!.auroc.value!) / 3;
  assert.ok(Math.abs(e!.macro.auroc.value! - mean) < 1e-12);
  assert.ok(e!.macro.auroc.low! < mean && mean < e!.macro.auroc.high!);
});

Deno.test("evaluateLatents() uses ignored labels neither for training nor for scoring", async () => {
  const { table, views } = syntheticStudies();
  const { evaluations: [e], cases: [record] } = await evaluateLatents(evaluation());
  const ignored = record!.labels[4]!.filter((label) => label === null).length;
  assert.ok(ignored > 0);
  assert.equal(e!.metrics[4]!.positives + e!.metrics[4]!.negatives + ignored, record!.studyIds.length);
  // Changing the latents of an ignored training study does not change the label's probe.
  const changed = views.map((view) => ({
    ...view,
    values: view.values.map((value, i) => {
      const study = view.study[Math.floor(i / view.dimension)]!;
      return study % 3 === 0 && table.splits[study] === SPLIT.train ? 100 : value;
    }),
  }));
  const { evaluations: [other] } = await evaluateLatents(evaluation({ views: changed }));
  for (const [i, score] of other!.scores[4]!.entries()) assert.ok(Math.abs(score - e!.scores[4]![i]!) < 1e-6);
  assert.notDeepEqual(other!.scores[0], e!.scores[0]);
});

Deno.test("evaluateLatents() chooses thresholds on validation, independently of test labels", async () => {
  const { table, views } = syntheticStudies();
  const flipped = table.targets.map((target) =>
    target.map((value, study) => table.splits[study] === SPLIT.test && value >= 0 ? 1 - value : value)
  );
  const { evaluations: [e] } = await evaluateLatents(evaluation());
  const { evaluations: [other] } = await evaluateLatents(evaluation({ table: { ...table, targets: flipped }, views }));
  assert.equal(other!.metrics[0]!.threshold, e!.metrics[0]!.threshold);
  assert.ok(Math.abs(other!.metrics[0]!.auroc.value! + e!.metrics[0]!.auroc.value! - 1) < 1e-12);
  const oneClass = table.targets.map((target) =>
    target.map((value, study) => table.splits[study] === SPLIT.validate ? 0 : value)
  );
  const { evaluations: [without] } = await evaluateLatents(
    evaluation({ table: { ...table, targets: oneClass }, views }),
  );
  assert.deepEqual([without!.metrics[0]!.threshold, without!.metrics[0]!.f1], [null, null]);
  assert.notEqual(without!.metrics[0]!.auroc.value, null);
});

Deno.test("evaluateLatents() trains only on the labelled patients of each fraction and seed", async () => {
  const { table, views } = syntheticStudies();
  const options = { labelledFractions: [0.25, 1], probeSeeds: [1, 2] };
  const { evaluations } = await evaluateLatents(evaluation({ ...options, views: views.slice(0, 1) }));
  // With all labels, logistic regression does not depend on the seed and is not repeated.
  assert.deepEqual(evaluations.map((e) => [e.labelledFraction, e.probeSeed]), [[0.25, 1], [0.25, 2], [1, 1]]);
  const labelled = new Set(table.labelledStudies({ fraction: 0.25, seed: 1 }));
  assert.equal(evaluations[0]!.labelledStudies, labelled.size);
  assert.equal(evaluations[2]!.labelledStudies, table.splits.filter((split) => split === SPLIT.train).length);
  const unseen = table.targets.map((target) =>
    target.map((value, study) => table.splits[study] === SPLIT.train && !labelled.has(study) ? 1 : value)
  );
  const { evaluations: [same] } = await evaluateLatents(
    evaluation({
      table: { ...table, targets: unseen },
      views: views.slice(0, 1),
      labelledFractions: [0.25],
      probeSeeds: [1],
    }),
  );
  assert.deepEqual(same!.scores, evaluations[0]!.scores);
});

Deno.test("evaluateLatents() subsamples training encodings above the limit with the seed", async () => {
  const thin = (probeSeeds: number[]) => evaluateLatents(evaluation({ maxEncodings: 60, probeSeeds }));
  const { evaluations: first } = await thin([1, 2]);
  assert.deepEqual(first.map((e) => e.probeSeed), [1, 2, 1, 2]);
  assert.ok(first[0]!.labelledStudies <= 60 && first[0]!.labelledStudies > 30);
  assert.notDeepEqual(first[0]!.scores, first[1]!.scores);
  const { evaluations: again } = await thin([1]);
  assert.deepEqual(again[0]!.scores, first[0]!.scores);
});

Deno.test("evaluateLatents() averages pairs as probabilities, or as latents on request", async () => {
  const byScore = await evaluateLatents(evaluation());
  const byLatent = await evaluateLatents(evaluation({ aggregation: "mean-latent" }));
  assert.notDeepEqual(byScore.evaluations[0]!.scores[0], byLatent.evaluations[0]!.scores[0]);
  assert.ok(Math.abs(byScore.evaluations[0]!.macro.auroc.value! - byLatent.evaluations[0]!.macro.auroc.value!) < 0.1);
  // With one pair per study both are the same.
  const { table, views } = syntheticStudies();
  const single = views.map((view) => {
    const rows = [...view.study.keys()].filter((row) => view.study[row] !== view.study[row - 1]);
    const values = Float32Array.from(rows.flatMap((row) => [...view.values.subarray(row * 4, row * 4 + 4)]));
    return { ...view, values, study: Int32Array.from(rows, (row) => view.study[row]!) };
  });
  const [a, b] = await Promise.all(
    (["mean-score", "mean-latent"] as const).map((aggregation) =>
      evaluateLatents(evaluation({ table, views: single, aggregation }))
    ),
  );
  assert.deepEqual(a!.evaluations, b!.evaluations);
});

Deno.test("evaluateLatents() gives a view that lacks test studies its own cases record", async () => {
  const { table, views: [frontal, lateral] } = syntheticStudies();
  const last = table.studyIds.length - 1;
  const rows = [...lateral!.study.keys()].filter((row) => lateral!.study[row] !== last);
  const views = [frontal!, {
    ...lateral!,
    values: Float32Array.from(rows.flatMap((row) => [...lateral!.values.subarray(row * 4, row * 4 + 4)])),
    study: Int32Array.from(rows, (row) => lateral!.study[row]!),
  }];
  const { evaluations, cases } = await evaluateLatents(evaluation({ views, casesId: "test-a" }));
  assert.deepEqual(evaluations.map((e) => e.cases), ["test-a", "test-a-lateral"]);
  assert.deepEqual(cases.map((record) => record.studyIds.length - evaluations[1]!.scores[0]!.length), [1, 0]);
});

Deno.test("evaluateLatents() supports random forests", async () => {
  const probe = { kind: "random-forest", trees: 60 } as const;
  const { evaluations } = await evaluateLatents(evaluation({ probe, probeSeeds: [1, 2], workers: 1 }));
  assert.deepEqual(evaluations.map((e) => [e.probe, e.probeSeed]), [1, 2, 1, 2].map((seed) => ["random-forest", seed]));
  assert.ok(evaluations[0]!.metrics[0]!.auroc.value! > 0.9);
  assert.deepEqual(evaluations[0]!.macro.excluded, ["never", "absent"]);
});

Deno.test("evaluateLatents() fits exclusive labels jointly and measures accuracy", async () => {
  const { table, views } = syntheticStudies();
  const clear = table.targets[0]!;
  const labels = ["low", "high", "unseen"];
  const targets = [clear.map((value) => 1 - value), clear, clear.map(() => 0)];
  const exclusive = { ...table, labels, targets };
  const { evaluations: [e] } = await evaluateLatents(evaluation({ table: exclusive, views, exclusive: true }));
  for (const [i, score] of e!.scores[0]!.entries()) assert.ok(Math.abs(score + e!.scores[1]![i]! - 1) < 1e-3);
  assert.equal(e!.scores[2], null);
  assert.deepEqual(e!.macro.excluded, ["unseen"]);
  const accuracy = e!.accuracy!;
  assert.ok(accuracy.value! > 0.8 && accuracy.low! < accuracy.value! && accuracy.value! <= accuracy.high!);
  const both = { ...exclusive, targets: [clear, clear, targets[2]!] };
  await assert.rejects(
    evaluateLatents(evaluation({ table: both, views, exclusive: true })),
    /has [02] of the exclusive labels/,
  );
});

Deno.test("evaluateLatents() rejects NaN latents by run, view, study and dimension", async () => {
  const { table, views } = syntheticStudies();
  const values = views[1]!.values.slice();
  values[4 * 9 + 2] = NaN;
  const broken = [views[0]!, { ...views[1]!, values }];
  const study = table.studyIds[views[1]!.study[9]!]!;
  await assert.rejects(
    evaluateLatents(evaluation({ views: broken })),
    new RegExp(`run a: dimension 2 of the lateral latent of study ${study} is NaN`),
  );
});

Deno.test("evaluateLatents() rejects mismatched latents, empty splits and invalid fractions", async () => {
  const { table, views } = syntheticStudies();
  const [view] = views;
  const rejects = (changes: Partial<LatentEvaluation>, message: RegExp) =>
    assert.rejects(evaluateLatents(evaluation(changes)), message);
  await rejects({ views: [{ ...view!, dimension: 3 }] }, /latents of 3 dimensions do not make/);
  await rejects({ views: [{ ...view!, study: view!.study.map((s) => s + 500) }] }, /but there are \d+ studies/);
  await rejects({ views: [] }, /no views/);
  await rejects({ labelledFractions: [0] }, /fraction must be above 0/);
  await rejects({ labelledFractions: [NaN] }, /fraction must be above 0/);
  await rejects(
    { table: { ...table, splits: table.splits.map(() => 0) }, views },
    /and 0 test studies with a frontal latent/,
  );
  await rejects({ table: { ...table, labelledStudies: () => [] }, views }, /leaves no training study/);
});

Deno.test("evaluateLatents() reports progress before each fit", async () => {
  const seen: string[] = [];
  await evaluateLatents(evaluation({
    labelledFractions: [0.1, 1],
    onProgress: ({ done, total, what }) => seen.push(`${done}/${total} ${what}`),
  }));
  assert.deepEqual(seen, [
    "0/4 a, frontal, 10% of the labels, seed 0",
    "1/4 a, frontal, 100% of the labels, seed 0",
    "2/4 a, lateral, 10% of the labels, seed 0",
    "3/4 a, lateral, 100% of the labels, seed 0",
  ]);
});
