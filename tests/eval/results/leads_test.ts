import assert from "node:assert/strict";
import { leadsOf } from "../../../eval/results/leads.ts";
import type { Comparison } from "../../../eval/results/results.ts";

function compared(baseline: string, method: string, changes: Partial<Comparison> = {}): Comparison {
  return {
    ...{ view: "frontal", label: null, labelledFraction: 1, probe: "logistic-regression", baseline, method },
    ...{ difference: { value: 0.02, low: 0.01, high: 0.04 }, p: 0.1, pHolm: 0.2, test: "paired-bootstrap" },
    ...changes,
  };
}

Deno.test("leadsOf() keeps the smallest difference of each view and setting", () => {
  const smaller = { difference: { value: 0.01, low: -0.01, high: 0.02 } };
  const leads = leadsOf([
    compared("moe", "mmvm"),
    compared("poe", "mmvm", smaller),
    compared("moe", "mmvm", { ...smaller, view: "lateral" }),
    compared("moe", "mmvm", { setting: { hard: 0.5 } }),
  ], "mmvm");
  assert.deepEqual(leads.map(({ view, setting, other }) => [view, setting, other]), [
    ["frontal", {}, "poe"],
    ["lateral", {}, "moe"],
    ["frontal", { hard: 0.5 }, "moe"],
  ]);
  assert.deepEqual(leads[0]!.difference, smaller.difference);
});

Deno.test("leadsOf() turns comparisons around, and leaves out classifiers, single labels and other pairs", () => {
  const leads = leadsOf([
    compared("mmvm", "moe"),
    compared("poe", "moe", { difference: { value: -1, low: -1, high: -1 } }),
    compared("supervised (loss bce)", "mmvm", { difference: { value: -1, low: -1, high: -1 } }),
    compared("poe", "mmvm", { label: "Edema", difference: { value: -1, low: -1, high: -1 } }),
    compared("avg", "mmvm", { difference: { value: null, low: null, high: null } }),
  ], "mmvm");
  assert.deepEqual(leads, [{
    ...{ view: "frontal", setting: {}, other: "moe", p: 0.1, pHolm: 0.2 },
    difference: { value: -0.02, low: -0.04, high: -0.01 },
  }]);
});
