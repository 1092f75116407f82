import assert from "node:assert/strict";
import { findArms } from "../../../../viz/report/figures/arms.ts";
import {
  armNamed,
  baselines,
  basesOf,
  basisOf,
  comparisonsAgainst,
  defaultBaseline,
  readComparisons,
} from "../../../../viz/report/figures/comparisons.ts";
import { singleRunFixture } from "../fixture.ts";

const results = singleRunFixture({
  methods: ["independent", "mmvm", "supervised"],
  fractions: [0.1, 1],
  labels: ["Edema", "Pneumonia"],
  studies: 40,
  pictures: false,
});
const rows = readComparisons(results.comparisons);
const basis = basisOf(rows.find((row) => row.fraction === 1)!);

Deno.test("comparisonsAgainst() returns every other method, reversing stored comparisons where necessary", () => {
  for (const baseline of baselines(rows)) {
    const found = comparisonsAgainst(rows, { view: "frontal", label: "Edema", basis, baseline });
    assert.deepEqual(
      new Set(found.map((row) => row.method)),
      new Set(baselines(rows).filter((name) => name !== baseline)),
    );
    for (const row of found) {
      const there = results.comparisons.find((c) =>
        c.view === "frontal" && c.label === "Edema" && c.labelledFraction === 1 &&
        [c.method, c.baseline].includes(row.method) && [c.method, c.baseline].includes(baseline)
      )!;
      const sign = there.method === row.method ? 1 : -1;
      assert.equal(row.difference.value, sign * there.difference.value!);
      assert.ok(row.difference.low! <= row.difference.value! && row.difference.value! <= row.difference.high!);
    }
  }
});

Deno.test("defaultBaseline() returns the name with the most comparisons", () => {
  assert.equal(defaultBaseline(rows), "supervised");
  assert.equal(defaultBaseline(rows.filter((row) => row.method === "mmvm" || row.baseline === "mmvm")), "mmvm");
  assert.equal(defaultBaseline([]), null);
});

Deno.test("basesOf() puts the basis closest to the slice first", () => {
  const slice = { probe: "logistic-regression", latents: "unimodal", fraction: 0.1 } as const;
  assert.deepEqual(basesOf(rows, slice).map((row) => row.fraction), [0.1, 1]);
});

Deno.test("armNamed() resolves names of methods, settings and runs", () => {
  const { arms } = findArms(results);
  assert.equal(arms[armNamed(arms, "mmvm", "")]!.method, "mmvm");
  assert.equal(armNamed(arms, "nobody", ""), -1);
  const varied = findArms(singleRunFixture({ setting: { alpha: 0.5 }, studies: 40 })).arms;
  assert.equal(armNamed(varied, "mmvm (alpha 0.5)", ""), 0);
  assert.equal(armNamed(varied, "mmvm", "alpha 0.5"), 0);
  assert.equal(armNamed(varied, "mmvm", ""), -1);
});
