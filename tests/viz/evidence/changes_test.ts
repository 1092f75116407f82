import assert from "node:assert/strict";
import type { Comparison, Evaluation } from "../../../eval/mod.ts";
import { changeDifferences, changeSentence } from "../../../viz/evidence/changes.ts";
import { standingOf } from "../../../viz/evidence/paired_difference.ts";

type Scored = Pick<Evaluation, "method" | "view" | "setting" | "labelledFraction" | "macro">;

function scored(method: string, share: number, value: number): Scored {
  return {
    method,
    view: "frontal",
    setting: { "label-noise": share },
    labelledFraction: 1,
    macro: { auroc: { value, low: value, high: value } } as Evaluation["macro"],
  };
}

function compared(baseline: string, method: string, changes: { share: number; value: number }): Comparison {
  const { share, value } = changes;
  return {
    view: "frontal",
    label: null,
    labelledFraction: 1,
    setting: { "label-noise": share },
    baseline,
    method,
    difference: { value, low: value - 0.01, high: value + 0.02 },
    p: 0.002,
    pHolm: 0.004,
    test: "paired-bootstrap",
    probe: "logistic-regression",
  };
}

const noise = ({ setting }: Pick<Scored, "setting">) => Number(setting["label-noise"]);
const evaluations = [
  scored("mmvm", 0, 0.84),
  scored("mmvm", 0.2, 0.83),
  scored("mmvm", 0.4, 0.74),
  scored("supervised", 0, 0.9),
  scored("supervised", 0.4, 0.58),
];

Deno.test("MMVM's change is said with its standing at both ends, whichever way differences were taken", () => {
  const comparisons = [
    compared("supervised", "mmvm", { share: 0, value: -0.06 }),
    compared("independent", "mmvm", { share: 0, value: 0.005 }),
    compared("supervised", "mmvm", { share: 0.2, value: 0.01 }),
    compared("mmvm", "supervised", { share: 0.4, value: -0.16 }),
  ];
  assert.equal(
    changeSentence({ evaluations, comparisons }, noise),
    "From 0% to 40%, in the frontal view MMVM goes from 0.840 to 0.740 (at 0% level with Independent, behind " +
      "Supervised; at 40% ahead of Supervised).",
  );
  const differences = changeDifferences({ evaluations, comparisons }, noise);
  assert.deepEqual(
    differences.map(({ at, other, difference: { value, low, high }, pHolm }) => [
      at,
      other,
      ...[value, low, high, pHolm].map((each) => Number(each!.toFixed(9))),
    ]),
    [
      ["0%", "independent", 0.005, -0.005, 0.025, 0.004],
      ["0%", "supervised", -0.06, -0.07, -0.04, 0.004],
      ["40%", "supervised", 0.16, 0.14, 0.17, 0.004],
    ],
  );
});

Deno.test("MMVM is ahead or behind only if the differences of all seeds agree with the interval", () => {
  const standing = (value: number, ...seeds: number[]) => {
    const comparison = compared("poe", "mmvm", { share: 0, value });
    const bySeed = seeds.map((value, i) => ({ seed: i + 1, value }));
    const [row] = changeDifferences({
      evaluations,
      comparisons: [{ ...comparison, bySeed }, compared("poe", "mmvm", { share: 0.4, value })],
    }, noise);
    return standingOf(row!);
  };
  assert.deepEqual(
    [standing(0.02), standing(0.02, 0.03, 0.01), standing(0.02, 0.05, -0.01), standing(0.02, 0.04, 0)],
    ["ahead", "ahead", "level", "level"],
  );
  assert.deepEqual([standing(-0.03, -0.04, -0.02), standing(-0.03, -0.07, 0.01)], ["behind", "level"]);
});

Deno.test("without comparisons, or without MMVM, the changes of all methods are said", () => {
  assert.equal(
    changeSentence({ evaluations, comparisons: [] }, noise),
    "From 0% to 40%, in the frontal view MMVM goes from 0.840 to 0.740 and Supervised goes from 0.900 to 0.580.",
  );
  assert.equal(
    changeSentence({ evaluations: evaluations.filter(({ method }) => method !== "mmvm"), comparisons: [] }, noise),
    "From 0% to 40%, in the frontal view Supervised goes from 0.900 to 0.580.",
  );
});

Deno.test("nothing is said of a change where one value was measured, or none", () => {
  for (const few of [evaluations.slice(0, 1), []]) {
    assert.equal(changeSentence({ evaluations: few, comparisons: [] }, noise), "Only one value was measured.");
  }
});
