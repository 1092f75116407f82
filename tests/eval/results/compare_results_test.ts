import assert from "node:assert/strict";
import { compareResults } from "../../../eval/results/compare_results.ts";
import { chooseGrouping } from "../../../eval/results/evaluation_groups.ts";
import { holm } from "../../../eval/metrics/holm.ts";
import type { Results } from "../../../eval/results/results.ts";
import { comparisonSchema } from "../../../eval/results/results_schema.ts";
import { syntheticResults } from "./synthetic_results.ts";

const mmvm = await syntheticResults({ name: "m0", method: "mmvm" });
const mmvmAgain = await syntheticResults({ name: "m1", method: "mmvm", seed: 1, noise: 0.05 });
const independent = await syntheticResults({ name: "i0", method: "independent", noise: 1.5 });
const independentAgain = await syntheticResults({ name: "i1", method: "independent", seed: 1, noise: 1.2 });
const options = { resamples: 300, seed: 2 };

function find(comparisons: Awaited<ReturnType<typeof compareResults>>, view: string, label: string | null) {
  return comparisons.find((c) => c.view === view && c.label === label)!;
}

Deno.test("compareResults() compares mmvm with the other method for every label, the mean and each view", async () => {
  const comparisons = await compareResults([independent, mmvm], options);
  assert.equal(comparisons.length, 2 * 6);
  for (const c of comparisons) {
    assert.deepEqual(comparisonSchema.parse(c), c);
    assert.deepEqual([c.baseline, c.method, c.probe, c.latents], [
      "independent",
      "mmvm",
      "logistic-regression",
      "unimodal",
    ]);
  }
  const clear = find(comparisons, "frontal", "clear");
  const value = (results: Results) => results.evaluations[0]!.metrics[0]!.auroc.value!;
  assert.ok(Math.abs(clear.difference.value! - (value(mmvm) - value(independent))) < 1e-12);
  assert.ok(clear.difference.low! > 0 && clear.p! < 0.05 && clear.pHolm! >= clear.p!);
  const macro = find(comparisons, "frontal", null);
  const mean = mmvm.evaluations[0]!.macro.auroc.value! - independent.evaluations[0]!.macro.auroc.value!;
  assert.ok(Math.abs(macro.difference.value! - mean) < 1e-12);
  assert.deepEqual(find(comparisons, "lateral", "never"), {
    ...find(comparisons, "lateral", "never"),
    difference: { value: null, low: null, high: null },
    p: null,
    pHolm: null,
  });
});

Deno.test("compareResults() of a method with itself finds no difference", async () => {
  const copy = structuredClone(mmvm);
  copy.evaluations.forEach((e) => e.method = "twin");
  for (const c of await compareResults([mmvm, copy], options)) {
    if (c.difference.value === null) continue;
    assert.deepEqual([c.difference, c.p, c.pHolm], [{ value: 0, low: 0, high: 0 }, 1, 1]);
  }
});

Deno.test("compareResults() corrects the macro averages of several pairs together", async () => {
  const near = structuredClone(await syntheticResults({ name: "p0", method: "poe", noise: 0.3 }));
  const comparisons = (await compareResults([independent, near, mmvm], options)).filter((c) =>
    c.label === null && c.view === "frontal"
  );
  assert.deepEqual(comparisons.map(({ baseline }) => baseline).sort(), ["independent", "poe"]);
  assert.deepEqual(comparisons.map(({ pHolm }) => pHolm), holm(comparisons.map(({ p }) => p)));
  assert.ok(comparisons.some(({ p, pHolm }) => pHolm! > p!));
});

Deno.test("compareResults() averages seeds, and reverses signs with the baseline", async () => {
  const all = [mmvm, mmvmAgain, independent, independentAgain];
  const forward = await compareResults(all, options);
  const auroc = (results: Results) => results.evaluations[1]!.metrics[0]!.auroc.value!;
  const lateral = find(forward, "lateral", "clear");
  const want = (auroc(mmvm) + auroc(mmvmAgain) - auroc(independent) - auroc(independentAgain)) / 2;
  assert.ok(Math.abs(lateral.difference.value! - want) < 1e-12);
  const backward = await compareResults(all, { ...options, baseline: "mmvm" });
  const turned = find(backward, "lateral", "clear");
  assert.deepEqual([turned.baseline, turned.method, turned.p], ["mmvm", "independent", lateral.p]);
  assert.ok(Math.abs(turned.difference.low! + lateral.difference.high!) < 1e-12);
});

Deno.test("compareResults() compares two methods over the seeds of both, and over all if they share none", async () => {
  const shared = await compareResults([mmvm, independent], options);
  const uneven = await compareResults([mmvm, mmvmAgain, independent], options);
  assert.deepEqual(uneven, shared);
  const apart = await compareResults([mmvm, independentAgain], options);
  const auroc = (results: Results) => results.evaluations[1]!.metrics[0]!.auroc.value!;
  const { difference } = find(apart, "lateral", "clear");
  assert.ok(Math.abs(difference.value! - (auroc(mmvm) - auroc(independentAgain))) < 1e-12);
});

Deno.test("compareResults() pairs supervised classifiers with each probe and separates settings", async () => {
  const supervised = structuredClone(independent);
  supervised.evaluations.forEach((e) =>
    Object.assign(e, { method: "supervised", probe: "supervised", latents: "none" })
  );
  const comparisons = await compareResults([supervised, mmvm], options);
  assert.deepEqual(
    new Set(comparisons.map((c) => `${c.baseline} ${c.method} ${c.probe}`)),
    new Set(["supervised mmvm logistic-regression"]),
  );
  const noisy = structuredClone(independent);
  noisy.evaluations.forEach((e) => e.setting = { "label-noise": 0.2 });
  assert.deepEqual(await compareResults([noisy, mmvm], options), []);
  const bySetting = await compareResults([noisy, mmvm], { ...options, by: "setting" });
  assert.deepEqual(new Set(bySetting.map((c) => c.baseline)), new Set(["independent (label-noise 0.2)"]));
  const both = structuredClone(mmvm);
  both.evaluations.forEach((e) => e.setting = { "label-noise": 0.2 });
  const [first] = await compareResults([noisy, both], options);
  assert.deepEqual(first!.setting, { "label-noise": 0.2 });
});

Deno.test("chooseGrouping() groups by run if several have the same method and seed", async () => {
  assert.equal(chooseGrouping([mmvm, mmvmAgain, independent]), "method");
  const twice = await syntheticResults({ name: "m2", method: "mmvm", noise: 0.8 });
  assert.equal(chooseGrouping([mmvm, twice]), "run");
  const comparisons = await compareResults([mmvm, twice], options);
  assert.deepEqual([comparisons[0]!.baseline, comparisons[0]!.method], ["m0", "m2"]);
});

Deno.test("compareResults() rejects different labels, different test studies and an unknown baseline", async () => {
  const labels = structuredClone(independent);
  labels.data.labels[1] = "Edema";
  await assert.rejects(
    compareResults([mmvm, labels], options),
    /m0 and i0 have different labels \(faint, Edema in one only\)/,
  );
  const order = structuredClone(independent);
  order.data.labels.reverse();
  await assert.rejects(compareResults([mmvm, order], options), /different labels \(in another order\)/);
  const studies = structuredClone(independent);
  studies.cases[0]!.studyIds[0] = "other";
  await assert.rejects(
    compareResults([mmvm, studies], options),
    /m0 and i0 were not tested on the same studies and labels/,
  );
  const relabelled = structuredClone(independent);
  relabelled.cases[0]!.labels[0]![0] = null;
  await assert.rejects(compareResults([mmvm, relabelled], options), /not tested on the same studies and labels/);
  await assert.rejects(
    compareResults([mmvm, independent], { ...options, baseline: "moe" }),
    /nothing here is called moe; .* from mmvm, independent/,
  );
  await assert.rejects(compareResults([], options), /no results to compare/);
  assert.deepEqual(await compareResults([mmvm], options), []);
});

Deno.test("compareResults() rarely finds a difference between equivalent methods", async () => {
  // Two probes that differ only in irrelevant noise: p should be spread over (0, 1] rather than concentrated near 0.
  let small = 0;
  let tests = 0;
  for (let seed = 1; seed <= 15; seed++) {
    const a = await syntheticResults({ name: "a", method: "a", seed: 2 * seed, noise: 0.4 });
    const b = await syntheticResults({ name: "b", method: "b", seed: 2 * seed + 1, noise: 0.4 });
    for (const c of await compareResults([a, b], { resamples: 200 })) {
      if (c.label !== null || c.p === null) continue;
      tests++;
      if (c.p < 0.05) small++;
    }
  }
  assert.ok(tests === 30 && small <= 6, `${small} of ${tests}`);
});

/** The same results, with each study as a patient of its own. */
function independentPatients(results: Results): Results {
  const copy = structuredClone(results);
  for (const record of copy.cases) record.subjectIds = record.studyIds.map((id) => `patient of ${id}`);
  return copy;
}

Deno.test("compareResults() by DeLong's test agrees with the bootstrap, which it keeps for the mean", async () => {
  const all = [independent, mmvm, mmvmAgain].map(independentPatients);
  const resampled = await compareResults(all, { ...options, resamples: 2000 });
  const tested = await compareResults(all, { ...options, resamples: 2000, test: "delong" });
  let labels = 0;
  for (const [i, c] of tested.entries()) {
    const other = resampled[i]!;
    if (c.label === null) {
      assert.deepEqual(c, other);
      continue;
    }
    assert.equal(c.test, "delong");
    const { value, low, high } = c.difference;
    if (value === null || other.difference.value === null) {
      assert.deepEqual(c.difference, other.difference);
      continue;
    }
    labels++;
    assert.ok(Math.abs(value - other.difference.value) < 1e-12);
    assert.ok(low! <= value && value <= high!);
    // Both estimate the same standard error; the bootstrap's own error is a few per cent, and more with so few cases.
    const ratio = (high! - low!) / (other.difference.high! - other.difference.low!);
    assert.ok(ratio > 0.7 && ratio < 1.4, `${c.view} ${c.label}: ${ratio}`);
  }
  assert.ok(labels >= 4);
});

Deno.test("compareResults() rejects DeLong's test if a patient has several studies", async () => {
  const repeated = [independent, mmvm].map(independentPatients);
  for (const { cases: [record] } of repeated) record!.subjectIds[1] = record!.subjectIds[0]!;
  const [first, second] = repeated[0]!.cases[0]!.studyIds;
  await assert.rejects(compareResults(repeated, { ...options, test: "delong" }), {
    name: "DataError",
    message: new RegExp(`studies ${first} and ${second} are of one patient`),
  });
});
