import assert from "node:assert/strict";
import { leadBySeed, leadBySetting, verdict } from "../../../experiments/definitions/verdict.ts";
import type { Comparison } from "../../../eval/results/results.ts";
import { syntheticResults } from "../../eval/results/synthetic_results.ts";

function macro(view: string, other: string, [low, value, high]: [number | null, number, number | null]): Comparison {
  return {
    view,
    label: null,
    labelledFraction: 1,
    probe: "logistic-regression",
    baseline: other,
    method: "mmvm",
    difference: { value, low, high },
    p: null,
    pHolm: null,
    test: "paired-bootstrap",
  };
}

Deno.test("verdict() recognises mmvm ahead in one view and significantly behind in none", () => {
  assert.equal(
    verdict([
      macro("frontal", "poe", [-0.01, 0.02, 0.04]),
      macro("frontal", "independent", [0.01, 0.02, 0.04]),
      macro("lateral", "poe", [-0.03, -0.01, 0.01]),
      macro("lateral", "independent", [0, 0.01, 0.02]),
      // Methods that are no VAEs, and single labels, are ignored.
      macro("frontal", "supervised (loss bce)", [-0.3, -0.2, -0.1]),
      macro("lateral", "clip", [-0.3, -0.2, -0.1]),
      macro("lateral", "barlow-twins (latents 64)", [-0.3, -0.2, -0.1]),
      { ...macro("frontal", "poe", [-0.3, -0.2, -0.1]), label: "Edema" },
    ]),
    "mmvm is ahead of every other VAE in macro AUROC in the frontal view; in the lateral view not ahead of poe; " +
      "significantly behind none.",
  );
});

Deno.test("verdict() names the methods ahead of mmvm in either direction of comparison", () => {
  const behind = macro("frontal", "moe", [-0.04, -0.03, -0.01]);
  const turned = {
    ...behind,
    baseline: "mmvm",
    method: "moe",
    difference: { value: 0.03, low: 0.01, high: 0.04 },
  };
  for (const comparison of [behind, turned]) {
    assert.equal(
      verdict([comparison, macro("frontal", "avg", [null, 0.01, null])]),
      "in no view is mmvm ahead of every other VAE in macro AUROC; in the frontal view not ahead of moe; " +
        "significantly behind moe (frontal).",
    );
  }
  assert.equal(verdict([]), "mmvm was not compared with any other method.");
});

Deno.test("leadBySeed() pairs seeds", async () => {
  const results = await syntheticResults({ name: "m1", method: "mmvm", seed: 1 });
  const [frontal] = results.evaluations;
  const at = (method: string, seed: number, value: number | null) => ({
    ...frontal!,
    method,
    seed,
    macro: { ...frontal!.macro, auroc: { value, low: null, high: null } },
  });
  const evaluations = [
    at("mmvm", 1, 0.7),
    at("mmvm", 2, 0.6),
    at("mmvm", 3, 0.6),
    at("mmvm", 4, 0.6),
    at("independent", 2, 0.65),
    at("independent", 1, 0.58),
    at("independent", 4, null),
    // Variants of a method are other rows of the table.
    { ...at("mmvm", 1, 0.9), setting: { private: 8 } },
  ];
  assert.equal(
    leadBySeed({ ...results, evaluations }),
    "mmvm - independent by seed: frontal +12.0, -5.0, n/a, n/a",
  );
  const without = evaluations.filter(({ method }) => method !== "mmvm");
  assert.equal(leadBySeed({ ...results, evaluations: without }), "mmvm and independent are not both here.");
});

Deno.test("leadBySetting() names the best other VAE of each setting and view, with the interval", () => {
  const hard = { setting: { hard: 0.5 } };
  const [frontal, lateral] = [
    macro("frontal", "moe", [-0.01, 0.001, 0.02]),
    macro("lateral", "poe", [0.002, 0.02, 0.03]),
  ];
  assert.equal(
    leadBySetting([
      macro("frontal", "poe", [0, 0.02, 0.04]),
      frontal,
      lateral,
      { ...frontal, ...hard, baseline: "mmvm", method: "moe" },
      { ...macro("frontal", "poe", [null, 0.03, null]), ...hard },
      { ...macro("lateral", "poe", [null, 0.03, null]), ...hard },
    ]),
    [
      "mmvm's lead over the best other VAE in points of macro AUROC:",
      "base: frontal +0.10 [-1.00, +2.00] over moe; lateral +2.00 [+0.20, +3.00] over poe",
      "hard 0.5: frontal -0.10 [-2.00, +1.00] over moe; lateral +3.00 over poe",
    ].join("\n"),
  );
  assert.equal(leadBySetting([]), "mmvm was not compared with any other VAE.");
});
