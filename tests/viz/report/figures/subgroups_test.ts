import assert from "node:assert/strict";
import { curvesOf } from "../../../../viz/report/figures/curves.ts";
import { type ScoredLabels, subgroupScore } from "../../../../viz/report/figures/subgroups.ts";
import { normal, singleRunFixture, uniform } from "../fixture.ts";
import { areaUnder } from "./area_under.ts";

const results = singleRunFixture({ studies: 200 });
const cases = results.cases[0]!;
const everyone = () => true;

/** Two labels, several studies per patient, and scores correlated within patients. */
function simulate(seed: number): ScoredLabels {
  const random = uniform(seed);
  const patients = Array.from({ length: 120 }, () => normal(random));
  const studies = patients.flatMap((effect, patient) =>
    Array.from({ length: 1 + Math.floor(3 * random()) }, () => ({ effect, patient }))
  );
  const labels = [0, 1].map(() => studies.map((): 0 | 1 => random() < 0.35 ? 1 : 0));
  const scores = labels.map((states) =>
    studies.map(({ effect }, i) => 0.9 * states[i]! + 0.8 * effect + normal(random))
  );
  return { scores, labels, subjects: studies.map(({ patient }) => String(patient)) };
}

Deno.test("subgroupScore() over all cases equals the macro AUROC of the results", () => {
  for (const evaluation of results.evaluations) {
    const run = { scores: evaluation.scores, labels: cases.labels, subjects: cases.subjectIds };
    const { value, labels } = subgroupScore([run], everyone);
    assert.ok(Math.abs(value! - evaluation.macro.auroc.value!) < 1e-9);
    assert.equal(labels, evaluation.macro.labels.length);
  }
});

Deno.test("subgroupScore() of a subgroup ignores all other cases", () => {
  const { scores, labels, subjects } = simulate(1);
  const inside = (i: number) => i % 3 !== 0;
  const only = <T>(list: readonly T[]) => list.filter((_, i) => inside(i));
  const part = subgroupScore([{ scores, labels, subjects }], inside);
  const alone = subgroupScore([{
    scores: scores.map((s) => only(s!)),
    labels: labels.map(only),
    subjects: only(subjects),
  }], everyone);
  assert.deepEqual(part, alone);
  assert.equal(part.studies, only(subjects).length);
});

Deno.test("subgroupScore()'s interval is as wide as that of a bootstrap over patients", () => {
  const run = simulate(2);
  const { low, high } = subgroupScore([run], everyone);
  const random = uniform(3);
  const byPatient = [...Map.groupBy(run.subjects.keys(), (i) => run.subjects[i]!).values()];
  const macros = Array.from({ length: 400 }, () => {
    const drawn = byPatient.flatMap(() => byPatient[Math.floor(random() * byPatient.length)]!);
    const aurocs = run.scores.map((scores, l) =>
      areaUnder(curvesOf({ scores: drawn.map((i) => scores![i]!), labels: drawn.map((i) => run.labels[l]![i]!) })!.roc)
    );
    return aurocs.reduce((sum, auroc) => sum + auroc, 0) / aurocs.length;
  });
  const mean = macros.reduce((sum, m) => sum + m, 0) / macros.length;
  const deviation = Math.sqrt(macros.reduce((sum, m) => sum + (m - mean) ** 2, 0) / (macros.length - 1));
  // The standard deviation of 400 draws has a relative standard error of 3.5%.
  assert.ok(Math.abs((high! - low!) / (2 * 1.96 * deviation) - 1) < 0.12);
});

Deno.test("subgroupScore() excludes labels with one class and is null if none remain", () => {
  const run: ScoredLabels = {
    scores: [[0.1, 0.9], [0.2, 0.3], null],
    labels: [[0, 1], [1, 1], [0, 1]],
    subjects: ["a", "b"],
  };
  const { value, labels } = subgroupScore([run], everyone);
  assert.equal(value, 1);
  assert.equal(labels, 1);
  assert.equal(subgroupScore([run], () => false).value, null);
  assert.equal(subgroupScore([], everyone).value, null);
});

Deno.test("subgroupScore() counts ties one half", () => {
  const run: ScoredLabels = { scores: [[0.5, 0.5, 0.5]], labels: [[0, 1, null]], subjects: ["a", "b", "c"] };
  assert.equal(subgroupScore([run], everyone).value, 0.5);
});
