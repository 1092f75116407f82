import assert from "node:assert/strict";
import type { Results } from "../../../../eval/results/results.ts";
import { findArms, flatten } from "../../../../viz/report/figures/arms.ts";
import { combineResults } from "../../../../viz/report/combine_results.ts";
import { singleRunFixture } from "../fixture.ts";

const small = (options: Parameters<typeof singleRunFixture>[0] = {}) =>
  singleRunFixture({ studies: 40, pictures: false, projections: false, labels: ["Edema", "Pneumonia"], ...options });

function names(results: Results): string[] {
  return findArms(results).arms.map((arm) => arm.name);
}

/** The results with every run's configuration modified. */
function configured(results: Results, change: Record<string, unknown>): Results {
  return { ...results, runs: results.runs.map((run) => ({ ...run, config: { ...run.config, ...change } })) };
}

Deno.test("findArms() groups the seeds of a method into one arm despite different names and paths", () => {
  assert.deepEqual(names(small({ seeds: [0, 1, 2], methods: ["poe", "mmvm"] })), ["PoE", "MMVM"]);
});

Deno.test("findArms() sorts baselines, joint models, unknown methods, MMVM, supervised", () => {
  const results = small({ methods: ["supervised", "mmvm", "new-method", "avg", "independent"] });
  assert.deepEqual(names(results), ["Independent", "AVG", "new-method", "MMVM", "Supervised"]);
});

Deno.test("findArms() makes an arm per setting, sorted numerically", () => {
  const results = combineResults([0.5, 0.25, 1].map((alpha, i) => {
    const one = small({ setting: { alpha }, seeds: [i] });
    return { ...one, title: `alpha ${alpha}` };
  }));
  assert.deepEqual(names(results), ["MMVM (alpha 0.25)", "MMVM (alpha 0.5)", "MMVM (alpha 1)"]);
  const { arms } = findArms(results);
  assert.equal(new Set(arms.map((arm) => arm.slot)).size, 1, "one method has one colour");
  assert.equal(new Set(arms.map((arm) => arm.dash)).size, 3, "its variants have different dashes");
});

Deno.test("findArms() separates runs with different configurations and names them by the difference", () => {
  const results = combineResults([
    configured(small({ seeds: [0] }), { beta: 1 }),
    configured(small({ seeds: [1] }), { beta: 0.25 }),
  ]);
  assert.deepEqual(names(results), ["MMVM (beta 0.25)", "MMVM (beta 1)"]);
});

Deno.test("findArms() ignores seeds, names and paths when comparing configurations", () => {
  const results = combineResults([
    configured(small({ seeds: [0] }), { data: { root: "a" }, trainSeed: 1 }),
    configured(small({ seeds: [1] }), { data: { root: "b" }, trainSeed: 2 }),
  ]);
  assert.deepEqual(names(results), ["MMVM"]);
});

Deno.test("findArms() separates runs with the same seed by name", () => {
  const [first, second] = [small(), small({ seed: 9 })];
  const renamed: Results = {
    ...second,
    runs: second.runs.map((run) => ({ ...run, name: "again" })),
    evaluations: second.evaluations.map((evaluation) => ({ ...evaluation, run: "again" })),
  };
  assert.deepEqual(names(combineResults([first, renamed])), ["MMVM (run again)", "MMVM (run mmvm-s0)"]);
});

Deno.test("findArms() assigns every evaluation an arm of its method", () => {
  const results = small({ methods: ["poe", "mmvm", "supervised"], seeds: [0, 1] });
  const { arms, armOf } = findArms(results);
  results.evaluations.forEach((evaluation, i) => assert.equal(arms[armOf[i]!]!.method, evaluation.method));
  assert.deepEqual(arms.map((arm) => arm.supervised), [false, false, true]);
});

Deno.test("flatten() returns every leaf by its path", () => {
  const leaves = flatten({ a: { b: 1, c: [2, 3] }, d: "x", e: null });
  assert.deepEqual([...leaves], [["a.b", "1"], ["a.c", "[2,3]"], ["d", "x"], ["e", "null"]]);
});
