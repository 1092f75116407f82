import assert from "node:assert/strict";
import { join } from "node:path";
import {
  compareEvidence,
  compareResults,
  type EvidenceRecord,
  makeEvidence,
  mergeEvidence,
  readEvidence,
  type Results,
  writeEvidence,
} from "../../../eval/mod.ts";
import { bootstrapP } from "../../../eval/metrics/bootstrap.ts";
import { dataName, leastP } from "../../../eval/evidence/evidence_record.ts";
import { syntheticResults } from "../results/synthetic_results.ts";

const RESAMPLES = 200;
const runs = {
  mmvm1: await syntheticResults({ name: "mmvm-1", method: "mmvm", seed: 1 }),
  mmvm2: await syntheticResults({ name: "mmvm-2", method: "mmvm", seed: 2, noise: 0.5 }),
  poe1: await syntheticResults({ name: "poe-1", method: "poe", seed: 1, noise: 1 }),
  poe2: await syntheticResults({ name: "poe-2", method: "poe", seed: 2, noise: 1.5 }),
};

/** The results of an experiment with these runs. */
function together(...all: Results[]): Results {
  return {
    ...all[0]!,
    title: "table-phantoms-small",
    runs: all.flatMap((each) => each.runs),
    evaluations: all.flatMap((each) => each.evaluations),
  };
}

const recordOf = (...all: Results[]) => makeEvidence(together(...all), { resamples: RESAMPLES });

Deno.test("a record compares methods over seeds as the results do", async () => {
  const all = together(...Object.values(runs));
  const record = await recordOf(...Object.values(runs));
  const expected = (await compareResults([all], { by: "method", resamples: RESAMPLES })).filter((each) =>
    each.label === null
  );
  const found = compareEvidence(record, { by: "method" });
  assert.equal(found.length, expected.length);
  assert.ok(found.length > 0);
  for (const [i, { difference, ...rest }] of expected.entries()) {
    const { difference: own, bySeed: _, ...same } = found[i]!;
    assert.deepEqual(same, rest);
    for (const part of ["value", "low", "high"] as const) {
      // Samples are kept in float32.
      assert.ok(Math.abs(own[part]! - difference[part]!) < 1e-6, `${part}: ${own[part]} for ${difference[part]}`);
    }
  }
});

Deno.test("records are compared over the seeds that both methods have, with the difference of each", async () => {
  const record = await recordOf(runs.mmvm1, runs.mmvm2, runs.poe2, runs.poe1);
  const macroOf = (run: string, view: string) =>
    record.evaluations.find((each) => each.run === run && each.view === view)!.macro.auroc.value!;
  for (const { view, baseline, method, difference, bySeed } of compareEvidence(record, { by: "method" })) {
    const of = (seed: number) => macroOf(`${method}-${seed}`, view) - macroOf(`${baseline}-${seed}`, view);
    assert.deepEqual(bySeed, [{ seed: 1, value: of(1) }, { seed: 2, value: of(2) }]);
    assert.ok(Math.abs((of(1) + of(2)) / 2 - difference.value!) < 1e-12);
  }
  const uneven = await recordOf(runs.mmvm1, runs.mmvm2, runs.poe2);
  const shared = await recordOf(runs.mmvm2, runs.poe2);
  const found = compareEvidence(uneven, { by: "method" });
  assert.deepEqual(found, compareEvidence(shared, { by: "method" }));
  assert.deepEqual(found[0]!.bySeed!.map(({ seed }) => seed), [2]);
});

Deno.test("leastP() is the p-value of a difference that no resample turns round", () => {
  assert.equal(leastP({ resamples: 1000 }), bootstrapP(new Float64Array(1000).fill(0.1)));
});

Deno.test("dataName() says if data in the layout of a data set show no patients", async () => {
  const { data } = await recordOf(runs.mmvm1);
  const nameOf = (dataset: string, synthetic: boolean) => dataName({ ...data, dataset, synthetic });
  assert.equal(nameOf("chexpert", true), "synthetic data in the layout of chexpert");
  assert.equal(nameOf("chexpert", false), "chexpert");
  assert.equal(nameOf("phantoms", true), "phantoms");
  assert.equal(nameOf("mnist-pairs", true), "mnist-pairs");
});

Deno.test("records of two seeds merge into that of both, and newer values replace older ones", async () => {
  const [first, second, both] = [
    await recordOf(runs.mmvm1, runs.poe1),
    await recordOf(runs.mmvm2, runs.poe2),
    await recordOf(runs.mmvm1, runs.poe1, runs.mmvm2, runs.poe2),
  ];
  const merged = mergeEvidence(first, second);
  assert.deepEqual({ ...merged, reportRuns: 0 }, { ...both, reportRuns: 0 });
  assert.deepEqual(mergeEvidence(merged, second), merged);
  const changed = { ...second.evaluations[0]!, labelledStudies: 7 };
  const again = mergeEvidence(merged, { ...second, evaluations: [changed] });
  assert.equal(again.evaluations.length, merged.evaluations.length);
  assert.ok(again.evaluations.some(({ labelledStudies }) => labelledStudies === 7));
});

Deno.test("records of two settings merge, and methods are compared within each", async () => {
  // The same studies with other pictures, as phantoms with faint findings are.
  const hard = async (...all: Results[]): Promise<EvidenceRecord> => {
    const { runs, evaluations, ...record } = await recordOf(...all);
    return {
      ...record,
      runs: runs.map((run) => ({ ...run, name: `hard-${run.name}` })),
      evaluations: evaluations.map((each) => ({ ...each, run: `hard-${each.run}`, setting: { hard: 0.5 } })),
    };
  };
  const [base, other] = [await recordOf(runs.mmvm1, runs.poe1), await hard(runs.mmvm1, runs.poe2)];
  const within = (record: EvidenceRecord) => compareEvidence(record, { by: "method" });
  const expected = [...within(base), ...within(other)];
  assert.deepEqual(within(mergeEvidence(base, other)), expected);
  assert.deepEqual(within(mergeEvidence(other, base)), [...within(other), ...within(base)]);
  assert.deepEqual(new Set(expected.map(({ setting }) => setting?.hard)), new Set([undefined, 0.5]));
});

Deno.test("records that cannot be compared are not merged", async () => {
  const record = await recordOf(runs.mmvm1);
  const refuse = (changes: Partial<EvidenceRecord>, message: RegExp) =>
    assert.throws(() => mergeEvidence(record, { ...record, ...changes }), message);
  refuse({ title: "other" }, /are not those of other/);
  refuse({ data: { ...record.data, labels: ["other"] } }, /have other labels/);
  refuse({ resamples: 100 }, /have 200 resamples, and the new ones 100/);
  const elsewhere = record.evaluations.map((each) => ({ ...each, test: "0" }));
  refuse({ evaluations: elsewhere }, /were scored on other test studies in view frontal/);
});

Deno.test("groups that were scored on other studies are not compared", async () => {
  const record = await recordOf(runs.mmvm1, runs.poe1);
  const evaluations = record.evaluations.map((each) => each.method === "poe" ? { ...each, test: "other" } : each);
  const tests = [...record.tests, { ...record.tests[0]!, id: "other" }];
  assert.throws(
    () => compareEvidence({ ...record, tests, evaluations }, { by: "method" }),
    /runs mmvm-1 and poe-1 were not scored on the same studies/,
  );
});

Deno.test("a record keeps no identifier of a study or patient, and no path", async () => {
  const results = together(runs.mmvm1);
  results.runs = results.runs.map((run) => ({ ...run, config: { data: { root: "/data/csv", dataset: "csv" } } }));
  const record = await makeEvidence(results, { resamples: 10 });
  const text = JSON.stringify(record);
  const { studyIds, subjectIds } = results.cases[0]!;
  for (const id of [...studyIds, ...subjectIds]) assert.ok(!text.includes(`"${id}"`));
  assert.deepEqual(record.runs[0]!.config, { data: { dataset: "csv" } });
  assert.equal(record.tests[0]!.patients, new Set(subjectIds).size);
});

Deno.test("a record survives writing and reading, and a damaged one is named with its fault", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "data", "table.json");
    const record = await recordOf(runs.mmvm1, runs.poe1);
    await writeEvidence(file, record);
    const text = await Deno.readTextFile(file);
    const read = await readEvidence(file);
    assert.deepEqual(read, record);
    // Whatever the order of the fields was.
    for (const same of [read, { ...record, runs: record.runs.map(({ name, ...rest }) => ({ ...rest, name })) }]) {
      await writeEvidence(file, same);
      assert.equal(await Deno.readTextFile(file), text);
    }
    const damaged: [string, RegExp][] = [
      [text.slice(0, -9), /table\.json.*it is not JSON/],
      [text.replace('"seed":1', '"seed":"1"'), /table\.json.*runs\[0\]\.seed: expected number/],
      [text.replaceAll('"run":"poe-1"', '"run":"poe-9"'), /run is "poe-9", which is none of the runs/],
      [text.replace(`"resamples": ${RESAMPLES}`, '"resamples": 100'), /where 100 resamples have 536/],
      [text.replace(/"version": 1/, '"version": 2'), /version/],
    ];
    for (const [bad, message] of damaged) {
      assert.notEqual(bad, text);
      await Deno.writeTextFile(file, bad);
      await assert.rejects(readEvidence(file), (error: Error) => message.test(`${file}: ${error.message}`));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
