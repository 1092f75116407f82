import assert from "node:assert/strict";
import type { Results } from "../../../../eval/results/results_schema.ts";
import { findArms, flatten } from "../../../../viz/report/figures/arms.ts";
import { combineResults } from "../../../../viz/report/combine_results.ts";
import { singleRunFixture } from "../fixture.ts";

const small = (options: Parameters<typeof singleRunFixture>[0] = {}) =>
  singleRunFixture({ studies: 40, pictures: false, projections: false, labels: ["Edema", "Pneumonia"], ...options });

function names(results: Results): string[] {
  return findArms(results).arms.map((arm) => arm.name);
}

/** The results with a change to the configuration of every run. */
function configured(results: Results, change: Record<string, unknown>): Results {
  return { ...results, runs: results.runs.map((run) => ({ ...run, config: { ...run.config, ...change } })) };
}

Deno.test("seeds of a method are one arm, whatever their names and paths", () => {
  assert.deepEqual(names(small({ seeds: [0, 1, 2], methods: ["poe", "mmvm"] })), ["PoE", "MMVM"]);
});

Deno.test("arms stand in a fixed order: baselines, joint models, MMVM, supervised; strangers before MMVM", () => {
  const results = small({ methods: ["supervised", "mmvm", "new-method", "avg", "independent"] });
  assert.deepEqual(names(results), ["Independent", "AVG", "new-method", "MMVM", "Supervised"]);
});

Deno.test("settings make arms of their own, ordered as numbers", () => {
  const results = combineResults([0.5, 0.25, 1].map((alpha, i) => {
    const one = small({ setting: { alpha }, seeds: [i] });
    return { ...one, title: `alpha ${alpha}` };
  }));
  assert.deepEqual(names(results), ["MMVM (alpha 0.25)", "MMVM (alpha 0.5)", "MMVM (alpha 1)"]);
  const { arms } = findArms(results);
  assert.equal(new Set(arms.map((arm) => arm.slot)).size, 1, "one method has one colour");
  assert.equal(new Set(arms.map((arm) => arm.dash)).size, 3, "and its variants different dashes");
});

Deno.test("runs of different configurations are never averaged, and the difference names them", () => {
  const results = combineResults([
    configured(small({ seeds: [0] }), { beta: 1 }),
    configured(small({ seeds: [1] }), { beta: 0.25 }),
  ]);
  assert.deepEqual(names(results), ["MMVM (beta 0.25)", "MMVM (beta 1)"]);
});

Deno.test("configurations that differ in seeds, names and paths only are the same", () => {
  const results = combineResults([
    configured(small({ seeds: [0] }), { data: { root: "a" }, trainSeed: 1 }),
    configured(small({ seeds: [1] }), { data: { root: "b" }, trainSeed: 2 }),
  ]);
  assert.deepEqual(names(results), ["MMVM"]);
});

Deno.test("one seed twice is told apart by the runs' names", () => {
  const [first, second] = [small(), small({ seed: 9 })];
  const renamed: Results = {
    ...second,
    runs: second.runs.map((run) => ({ ...run, name: "again" })),
    evaluations: second.evaluations.map((evaluation) => ({ ...evaluation, run: "again" })),
  };
  assert.deepEqual(names(combineResults([first, renamed])), ["MMVM (run again)", "MMVM (run mmvm-s0)"]);
});

Deno.test("every evaluation has an arm of its method", () => {
  const results = small({ methods: ["poe", "mmvm", "supervised"], seeds: [0, 1] });
  const { arms, armOf } = findArms(results);
  results.evaluations.forEach((evaluation, i) => assert.equal(arms[armOf[i]!]!.method, evaluation.method));
  assert.deepEqual(arms.map((arm) => arm.supervised), [false, false, true]);
});

Deno.test("flatten() gives every leaf under its path", () => {
  const leaves = flatten({ a: { b: 1, c: [2, 3] }, d: "x", e: null });
  assert.deepEqual([...leaves], [["a.b", "1"], ["a.c", "[2,3]"], ["d", "x"], ["e", "null"]]);
});
