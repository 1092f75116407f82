import assert from "node:assert/strict";
import { FastRandom } from "../../base/random.ts";
import { evaluateLatents } from "../../eval/protocol/evaluate_latents.ts";
import { casesOf, type StudyTable, type ViewLatents } from "../../eval/protocol/study_table.ts";
import { fitProbes, scoreStudies } from "../../page/export/fit_probes.ts";
import { moved } from "../../page/client/counterfactual.ts";
import { probabilitiesOf } from "../../page/stored/probabilities.ts";

const STUDIES = 120;
const DIMENSION = 5;

/** Studies with one or two pairs each, and two labels that depend on the latents; or one label each. */
function cohort({ exclusive }: { exclusive: boolean }): { table: StudyTable; latents: ViewLatents } {
  const random = new FastRandom(5);
  const study = Int32Array.from(Array.from({ length: STUDIES }, (_, i) => i % 3 === 0 ? [i, i] : [i]).flat());
  const values = Float32Array.from({ length: study.length * DIMENSION }, () => 4 * random.uniform() - 2);
  const first = (i: number) => values[study.indexOf(i) * DIMENSION]! + (random.uniform() - 0.5) > 0;
  const target = Int8Array.from({ length: STUDIES }, (_, i) => first(i) ? 1 : 0);
  const other = exclusive ? target.map((value) => 1 - value) : target.map((value, i) => i % 7 === 0 ? -1 : value);
  const table: StudyTable = {
    studyIds: Array.from({ length: STUDIES }, (_, i) => `s${i}`),
    subjectIds: Array.from({ length: STUDIES }, (_, i) => `p${i}`),
    viewPositions: new Array(STUDIES).fill("PA"),
    splits: Int8Array.from({ length: STUDIES }, (_, i) => i % 4 < 2 ? 0 : i % 4 - 1),
    labels: exclusive ? ["one", "two"] : ["one", "two", "none"],
    targets: exclusive ? [target, other] : [target, other, new Int8Array(STUDIES)],
    labelledStudies: () => Array.from({ length: STUDIES }, (_, i) => i),
  };
  return { table, latents: { view: "frontal", values, dimension: DIMENSION, study } };
}

for (const exclusive of [false, true]) {
  const kind = exclusive ? "exclusive" : "independent";
  Deno.test(`fitProbes() gives the evaluation's scores, thresholds and curves for ${kind} labels`, async () => {
    const { table, latents } = cohort({ exclusive });
    const { evaluations: [evaluation] } = await evaluateLatents({
      run: { name: "r", method: "mmvm", seed: 0 },
      table,
      views: [latents],
      latents: "unimodal",
      exclusive,
      bootstrap: { resamples: 10 },
      workers: 1,
    });
    const probes = fitProbes(latents, { table, fraction: 1, seed: 0, exclusive });
    const { scores, studies } = scoreStudies(probes, latents, { table, split: "test" });
    assert.deepEqual(casesOf(table, studies, { id: "test", split: "test" }).studyIds.length, scores[0]!.length);
    evaluation!.metrics.forEach((metrics, i) => {
      const label = probes.labels[i]!;
      assert.equal(label.label, metrics.label);
      const given = evaluation!.scores[i] ?? null;
      if (given === null) return assert.equal(label.probe, null);
      given.forEach((score, k) => assert.ok(Math.abs(score - scores[i]![k]!) < 1e-6, `${metrics.label} ${k}`));
      assert.equal(label.auroc, metrics.auroc.value);
      assert.ok(Math.abs(label.threshold! - metrics.threshold!) < 1e-6);
      assert.deepEqual(label.reliability.map(({ count }) => count), metrics.reliability.map(({ count }) => count));
    });
  });
}

Deno.test("moving a latent along an exclusive label's direction raises its probability everywhere", () => {
  const { table, latents } = threeClasses();
  const probes = fitProbes(latents, { table, fraction: 1, seed: 0, exclusive: true });
  for (const [label, { probe }] of probes.labels.entries()) {
    assert.ok(probe!.direction, `label ${label} has no direction`);
    for (let row = 0; row < 5; row++) {
      const mu = latents.values.subarray(row * DIMENSION, (row + 1) * DIMENSION);
      const scores = Array.from(
        { length: 81 },
        (_, i) => probabilitiesOf(probes, moved(mu, probe!, i / 10 - 4))[label]!,
      );
      scores.slice(1).forEach((score, i) => assert.ok(score > scores[i]!, `${score} after ${scores[i]}`));
    }
  }
});

/** Studies of three classes, of which the second lies between the others in the first dimension. */
function threeClasses(): { table: StudyTable; latents: ViewLatents } {
  const { table, latents } = cohort({ exclusive: true });
  const random = new FastRandom(6);
  const classes = Array.from({ length: STUDIES }, () => random.below(3));
  const values = latents.values.map((value, i) => {
    const own = classes[latents.study[Math.floor(i / DIMENSION)]!]!;
    return value + (i % DIMENSION === 0 ? 2 * (own - 1) : i % DIMENSION === 1 && own === 1 ? 1 : 0);
  });
  const targets = [0, 1, 2].map((k) => Int8Array.from(classes, (own) => own === k ? 1 : 0));
  return { table: { ...table, labels: ["a", "b", "c"], targets }, latents: { ...latents, values } };
}

Deno.test("moving a latent along a probe's direction moves its probability monotonically", () => {
  const { table, latents } = cohort({ exclusive: false });
  const probes = fitProbes(latents, { table, fraction: 1, seed: 0, exclusive: false });
  const { probe } = probes.labels[0]!;
  const mu = latents.values.subarray(0, DIMENSION);
  let last = -1;
  for (let by = -4; by <= 4; by += 0.1) {
    const p = probabilitiesOf(probes, moved(mu, probe!, by))[0]!;
    assert.ok(p > last, `${by}: ${p} after ${last}`);
    last = p;
  }
  assert.deepEqual(moved(mu, probe!, 0), mu);
});
