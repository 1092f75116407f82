import assert from "node:assert/strict";
import fc from "fast-check";
import {
  bootstrapP,
  bootstrapScores,
  bootstrapShare,
  macroSamples,
  percentileInterval,
} from "../../../eval/metrics/bootstrap.ts";
import { prepareBootstrap } from "../../../eval/metrics/bootstrap_jobs.ts";
import { averagePrecision } from "../../../eval/metrics/precision_recall.ts";
import { rankScores } from "../../../eval/metrics/rank.ts";
import { auroc } from "../../../eval/metrics/roc.ts";
import { FastRandom } from "../../../base/random.ts";

function normal(random: FastRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}

/**
 * Simulates patients with `studies` cases each and a random effect per patient; binormal scores with AUROC Phi(1 / sqrt
 * 2).
 */
function simulate(random: FastRandom, { patients, studies }: { patients: number; studies: number }) {
  const subjectIds: string[] = [];
  const labels: number[] = [];
  const scores: number[] = [];
  for (let patient = 0; patient < patients; patient++) {
    const label = patient % 2;
    const effect = normal(random);
    for (let study = 0; study < studies; study++) {
      subjectIds.push(`p${patient}`);
      labels.push(label);
      scores.push(label + Math.sqrt(0.8) * effect + Math.sqrt(0.2) * normal(random));
    }
  }
  return { subjectIds, labels, scores };
}

/** Phi(1 / sqrt 2). */
const TRUE_AUROC = 0.7602499389065233;

Deno.test("the 95% interval covers the true AUROC at about the nominal rate with correlated studies", async () => {
  const random = new FastRandom(5);
  const trials = 300;
  let covered = 0;
  let coveredByCases = 0;
  for (let trial = 0; trial < trials; trial++) {
    const { subjectIds, labels, scores } = simulate(random, { patients: 80, studies: 3 });
    const options = { resamples: 300, seed: trial };
    const covers = async (subjects: string[]) => {
      const samples = await bootstrapScores({ subjectIds: subjects, labels: [labels] }, [scores], options);
      const { low, high } = percentileInterval(auroc(labels, scores), samples.auroc[0]!);
      return low! <= TRUE_AUROC && TRUE_AUROC <= high! ? 1 : 0;
    };
    covered += await covers(subjectIds);
    coveredByCases += await covers(subjectIds.map((_, i) => `case ${i}`));
  }
  // With about 40 patients per class, percentile intervals are slightly too narrow; intervals from resampling studies
  // instead of patients are far too narrow.
  assert.ok(covered / trials > 0.9 && covered / trials < 0.99, `covered ${covered} of ${trials}`);
  assert.ok(coveredByCases / trials < 0.85, `resampling cases covered ${coveredByCases} of ${trials}`);
});

Deno.test("metrics of a resample equal those of the explicitly repeated cases", () => {
  const caseList = fc.array(
    fc.record({
      subject: fc.integer({ min: 0, max: 5 }),
      label: fc.constantFrom(0, 1, null),
      score: fc.integer({ min: 0, max: 6 }),
    }),
    { minLength: 3, maxLength: 30 },
  );
  fc.assert(fc.property(caseList, fc.integer({ min: 0, max: 1000 }), (list, seed) => {
    const labels = list.map((c) => c.label);
    const scores = list.map((c) => c.score);
    const run = prepareBootstrap({
      subjectOf: Int32Array.from(list, (c) => c.subject),
      subjects: 6,
      ranked: [rankScores(labels, scores)],
      right: null,
      seed,
    });
    const block = run({ first: 4, count: 1 });
    const random = new FastRandom(seed, 4);
    const drawn = Array.from({ length: 6 }, () => random.below(6)).flatMap((s) => list.filter((c) => c.subject === s));
    const wantAuroc = auroc(drawn.map((c) => c.label), drawn.map((c) => c.score));
    const wantPrecision = averagePrecision(drawn.map((c) => c.label), drawn.map((c) => c.score));
    if (wantAuroc === null) {
      assert.ok(Number.isNaN(block.auroc[0]![0]) && Number.isNaN(block.averagePrecision[0]![0]));
    } else {
      assert.ok(Math.abs(block.auroc[0]![0]! - wantAuroc) < 1e-12);
      assert.ok(Math.abs(block.averagePrecision[0]![0]! - wantPrecision!) < 1e-12);
    }
  }));
});

Deno.test("resamples depend neither on the number of workers nor on the order of the cases", async () => {
  const { subjectIds, labels, scores } = simulate(new FastRandom(1), { patients: 30, studies: 2 });
  const cases = { subjectIds, labels: [labels, labels] };
  const alone = await bootstrapScores(cases, [scores, null], { resamples: 120, seed: 9, workers: 1 });
  const spread = await bootstrapScores(cases, [scores, null], { resamples: 120, seed: 9, workers: 2 });
  assert.deepEqual(alone, spread);
  assert.ok(alone.auroc[1]!.every(Number.isNaN));
  const order = new FastRandom(2).shuffle(subjectIds.map((_, i) => i));
  const shuffled = await bootstrapScores(
    { subjectIds: order.map((i) => subjectIds[i]!), labels: [order.map((i) => labels[i]!)] },
    [order.map((i) => scores[i]!)],
    { resamples: 120, seed: 9 },
  );
  assert.deepEqual(shuffled.auroc[0], alone.auroc[0]);
});

Deno.test("bootstrapShare() resamples accuracy by patient", async () => {
  const subjectIds = Array.from({ length: 60 }, (_, i) => `p${i >> 1}`);
  const right = subjectIds.map((_, i) => i % 4 === 0 ? 0 : 1);
  const interval = percentileInterval(0.75, await bootstrapShare(subjectIds, right, { seed: 1 }));
  assert.ok(interval.low! > 0.6 && interval.low! < 0.75 && interval.high! > 0.75 && interval.high! < 0.9);
});

Deno.test("percentileInterval() excludes undefined resamples and has no bounds if most are undefined", () => {
  const samples = Float64Array.from({ length: 81 }, (_, i) => i);
  assert.deepEqual(percentileInterval(50, samples, { confidence: 0.75 }), { value: 50, low: 10, high: 70 });
  const interval = percentileInterval(50, Float64Array.of(NaN, ...samples));
  assert.ok(Math.abs(interval.low! - 2) < 1e-12 && Math.abs(interval.high! - 78) < 1e-12);
  assert.deepEqual(percentileInterval(1, Float64Array.of(NaN, NaN, 1)), { value: 1, low: null, high: null });
  assert.deepEqual(percentileInterval(null, samples), { value: null, low: null, high: null });
});

Deno.test("macroSamples() averages the included labels and propagates NaN", () => {
  const samples = [Float64Array.of(1, NaN, 3), Float64Array.of(5, 6, 7), Float64Array.of(NaN, NaN, NaN)];
  assert.deepEqual(macroSamples(samples, [true, true, false]), Float64Array.of(3, NaN, 5));
  assert.ok(macroSamples(samples, [false, false, false]).every(Number.isNaN));
});

Deno.test("bootstrapP() is two-sided, never 0, and 1 if all differences are zero", () => {
  const above = Float64Array.from({ length: 999 }, (_, i) => i + 1);
  assert.equal(bootstrapP(above), 2 / 1000);
  assert.equal(bootstrapP(above.map((d) => -d)), 2 / 1000);
  assert.equal(bootstrapP(new Float64Array(999)), 1);
  assert.equal(bootstrapP(Float64Array.from({ length: 999 }, (_, i) => i - 499)), 1);
  // What is left of zero when means are summed in different orders.
  assert.equal(bootstrapP(new Float64Array(999).fill(1.1e-16)), 1);
  assert.equal(bootstrapP(Float64Array.of(NaN, NaN, NaN)), null);
});

Deno.test("bootstrapScores() rejects NaN scores by label, and zero resamples", async () => {
  const cases = { subjectIds: ["a", "b"], labels: [[0, 1], [0, 1]] };
  await assert.rejects(bootstrapScores(cases, [[0, 1], [0, NaN]]), /label number 1: score 1 is NaN/);
  await assert.rejects(bootstrapScores(cases, [[0, 1]]), /2 labels but scores for 1/);
  await assert.rejects(bootstrapScores(cases, [null, null], { resamples: 0 }), /positive integer/);
  await assert.rejects(bootstrapScores({ subjectIds: ["a"], labels: [[0, 1]] }, [null]), /covers 2 cases/);
});
