import assert from "node:assert/strict";
import type { Demographics } from "../../../data/mod.ts";
import { auroc, formatSubgroupTable, SUBGROUP_LIMITS, withSubgroups } from "../../../eval/mod.ts";
import { bootstrapShare, percentileInterval } from "../../../eval/metrics/bootstrap.ts";
import type { Cases, Evaluation, Interval } from "../../../eval/results/results.ts";
import { evaluationSchema } from "../../../eval/results/results_schema.ts";
import { FastRandom } from "../../../base/random.ts";
import { scoredEvaluation } from "./scored_evaluation.ts";

const bootstrap = { resamples: 200, seed: 3 };
const labels = ["Edema", "Pneumonia"];

/** 90 patients of one or two studies: 50 women, 25 men and 15 of unknown sex, and scores that tell women better. */
async function simulated(): Promise<{ cases: Cases; evaluation: Evaluation; demographics: Demographics }> {
  const random = new FastRandom(5, 0);
  const sexes: number[] = [];
  const subjectIds: string[] = [];
  for (let patient = 0; patient < 90; patient++) {
    for (let k = 0; k <= patient % 2; k++) {
      subjectIds.push(`p${patient}`);
      sexes.push(patient < 50 ? 0 : patient < 75 ? 1 : -1);
    }
  }
  const truth = labels.map((_, l) => sexes.map(() => random.uniform() < 0.3 + 0.2 * l ? 1 : 0));
  const cases: Cases = {
    id: "test",
    split: "test",
    studyIds: sexes.map((_, i) => `s${i}`),
    subjectIds,
    viewPositions: sexes.map(() => "PA"),
    labels: truth.map((column) => column.map((label, i) => i === 7 ? null : label)),
  };
  const noise = (sex: number) => sex === 0 ? 0.8 : 1.4;
  const scores = truth.map((column) =>
    column.map((label, i) => (label + noise(sexes[i]!) * (random.uniform() + random.uniform())) / 4)
  );
  const evaluation = await scoredEvaluation({ labels, cases, scores, bootstrap });
  return { cases, evaluation, demographics: { source: "t.csv", groups: new Map([["sex", Int8Array.from(sexes)]]) } };
}

async function scored() {
  const { cases, evaluation, demographics } = await simulated();
  const [one] = await withSubgroups([evaluation], {
    cases: [cases],
    studyIds: cases.studyIds,
    demographics,
    bootstrap,
  });
  return { cases, evaluation: one!, record: one!.subgroups![0]!, groupOf: demographics.groups.get("sex")! };
}

Deno.test("withSubgroups() scores each group among its own studies", async () => {
  const { cases, evaluation, record, groupOf } = await scored();
  assert.deepEqual(evaluationSchema.parse(evaluation), evaluation);
  assert.deepEqual([record.attribute, record.unknown], ["sex", 23]);
  assert.deepEqual(record.groups.map(({ group, studies, subjects }) => [group, studies, subjects]), [
    ["female", 75, 50],
    ["male", 37, 25],
  ]);
  for (const [g, group] of record.groups.entries()) {
    const own = cases.studyIds.map((_, i) => i).filter((i) => groupOf[i] === g);
    const values = labels.map((_, l) =>
      auroc(own.map((i) => cases.labels[l]![i]!), own.map((i) => evaluation.scores[l]![i]!))
    );
    assert.deepEqual(group.labels.map((label) => label.auroc!.value), values);
    assert.equal(group.macro!.value, (values[0]! + values[1]!) / 2);
    assert.ok(group.macro!.low! < group.macro!.value! && group.macro!.value! < group.macro!.high!);
  }
  assert.ok(record.groups[0]!.macro!.value! > record.groups[1]!.macro!.value!);
});

Deno.test("withSubgroups() gives rates at the validation threshold, with their intervals", async () => {
  const { cases, evaluation, record, groupOf } = await scored();
  const { subjectIds } = cases;
  /** The ratio of two shares of all cases, resampled alike. */
  const rateOf = async (isHit: (i: number) => boolean, isCounted: (i: number) => boolean): Promise<Interval> => {
    const [hits, counted] = [isHit, isCounted].map((holds) =>
      Float64Array.from(subjectIds, (_, i) => isCounted(i) && holds(i) ? 1 : 0)
    );
    const [a, b] = await Promise.all([hits!, counted!].map((share) => bootstrapShare(subjectIds, share, bootstrap)));
    const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
    return percentileInterval(sum(hits!) / sum(counted!), a!.map((share, k) => share / b![k]!));
  };
  for (const [g, group] of record.groups.entries()) {
    for (const [l, { threshold }] of evaluation.metrics.entries()) {
      for (const [rate, wanted] of [["truePositiveRate", 1], ["falsePositiveRate", 0]] as const) {
        const expected = await rateOf(
          (i) => evaluation.scores[l]![i]! >= threshold!,
          (i) => groupOf[i] === g && cases.labels[l]![i] === wanted,
        );
        const found = group.labels[l]![rate]!;
        for (const end of ["value", "low", "high"] as const) {
          assert.ok(Math.abs(found[end]! - expected[end]!) < 1e-12, `${group.group} ${rate} ${end}`);
        }
      }
    }
  }
});

Deno.test("withSubgroups() finds the largest gap of each label and of their mean", async () => {
  const { record } = await scored();
  assert.deepEqual(
    record.gaps.map(({ label, rate }) => [label, rate]),
    (["true-positive", "false-positive"] as const).flatMap((rate) =>
      [null, ...labels].map((label) => [label, rate] as const)
    ),
  );
  for (const { label, rate, high, low, difference } of record.gaps) {
    const value = (name: string) => {
      const { labels: all } = record.groups.find(({ group }) => group === name)!;
      const own = all.filter((one) => label === null || one.label === label)
        .map((one) => (rate === "true-positive" ? one.truePositiveRate : one.falsePositiveRate)!.value!);
      return own.reduce((sum, one) => sum + one, 0) / own.length;
    };
    assert.ok(Math.abs(difference.value! - (value(high) - value(low))) < 1e-12);
    assert.ok(difference.value! >= 0 && difference.low! <= difference.value! && difference.value! <= difference.high!);
  }
});

Deno.test("withSubgroups() withholds groups of few patients and rates of few studies", async () => {
  const { cases, evaluation } = await simulated();
  const race = Int8Array.from(cases.subjectIds, (id) => {
    const patient = Number(id.slice(1));
    return patient < SUBGROUP_LIMITS.subjects ? 1 : patient < 2 * SUBGROUP_LIMITS.subjects - 1 ? 0 : 3;
  });
  const rare = cases.labels[0]!.map((label, i) => race[i] === 1 && i % 5 > 0 ? 0 as const : label);
  const changed = { ...cases, labels: [rare, cases.labels[1]!] };
  const [one] = await withSubgroups([evaluation], {
    cases: [changed],
    studyIds: cases.studyIds,
    demographics: { source: "t.csv", groups: new Map([["race", race]]) },
    bootstrap,
  });
  const [record] = one!.subgroups!;
  const [asian, black, white] = record!.groups;
  assert.deepEqual(asian, { group: "Asian", studies: null, subjects: null, macro: null, labels: [] });
  assert.equal(black!.subjects, SUBGROUP_LIMITS.subjects);
  const [edema] = black!.labels;
  assert.deepEqual([edema!.positives, edema!.auroc, edema!.truePositiveRate], [null, null, null]);
  assert.notEqual(edema!.falsePositiveRate, null);
  assert.equal(white!.group, "White");
  assert.ok(record!.gaps.every(({ high, low }) => high !== "Asian" && low !== "Asian"));
  const table = formatSubgroupTable({ evaluations: [one!] });
  assert.match(table, /^race: Asian +withheld$/m);
  assert.match(table, /^withheld: groups of fewer than 20 patients, and rates of fewer than 10 studies$/m);
});

Deno.test("withSubgroups() changes nothing without demographics", async () => {
  const { cases, evaluation } = await simulated();
  const options = { cases: [cases], studyIds: cases.studyIds, demographics: undefined };
  assert.deepEqual(await withSubgroups([evaluation], options), [evaluation]);
  assert.equal(formatSubgroupTable({ evaluations: [evaluation] }), "");
});
