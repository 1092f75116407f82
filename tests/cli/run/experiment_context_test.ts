import assert from "node:assert/strict";
import { contextOf } from "../../../cli/run/experiment_context.ts";

Deno.test("phantoms drawn otherwise have folders and test sets of their own, and others keep theirs", () => {
  const { context: { base, on, phantoms }, drawn } = contextOf({ dataset: "phantoms", scale: "small" });
  assert.deepEqual([base.data.root, base.test], ["cache/phantoms-4000-21", { root: "cache/phantoms-4000-777" }]);
  const more = phantoms!({ times: 4 });
  assert.deepEqual([more.data.root, more.test], ["cache/phantoms-16000-21", base.test]);
  const faint = phantoms!({ faintFindings: 0.5 });
  assert.deepEqual([faint.data.root, faint.test], [
    "cache/phantoms-faint-0.5-4000-21",
    { root: "cache/phantoms-faint-0.5-4000-777" },
  ]);
  on("chexpert");
  assert.deepEqual(Object.fromEntries(drawn), {
    "cache/phantoms-4000-21": { studies: 4000, seed: 21 },
    "cache/phantoms-4000-777": { studies: 4000, seed: 777 },
    "cache/phantoms-16000-21": { studies: 16_000, seed: 21 },
    "cache/phantoms-faint-0.5-4000-21": { studies: 4000, seed: 21, faintFindings: 0.5 },
    "cache/phantoms-faint-0.5-4000-777": { studies: 4000, seed: 777, faintFindings: 0.5 },
    "cache/phantoms-chexpert-4000-21": { studies: 4000, seed: 21, layout: "chexpert" },
    "cache/phantoms-chexpert-4000-777": { studies: 4000, seed: 777, layout: "chexpert" },
  });
});

Deno.test("the seeds asked for and the number of fresh phantoms hold for all phantoms", () => {
  const { context } = contextOf({ dataset: "phantoms", scale: "small", fresh: 50, seed: 2 });
  const { seeds, test } = context.phantoms!({ faintFindings: 0.5 });
  assert.deepEqual([seeds, test], [[2], { root: "cache/phantoms-faint-0.5-50-777" }]);
  const own = contextOf({ dataset: "phantoms", scale: "small", fresh: 0 }).context;
  assert.equal(own.phantoms!({ faintFindings: 0.5 }).test, undefined);
});

Deno.test("an experiment has its scale's seeds, fewer, more, or one of any number", () => {
  const seeds = (values: { seeds?: number; seed?: number }) =>
    contextOf({ dataset: "mnist-pairs", scale: "small", ...values }).context.base.seeds;
  assert.deepEqual(seeds({}), [1, 2, 3]);
  assert.deepEqual(seeds({ seeds: 1 }), [1]);
  assert.deepEqual(seeds({ seeds: 5 }), [1, 2, 3, 4, 5]);
  assert.deepEqual(seeds({ seed: 5 }), [5]);
  for (const scale of ["smoke", "paper"] as const) {
    const { seeds } = contextOf({ dataset: "phantoms", scale }).context.base;
    assert.deepEqual(seeds, scale === "smoke" ? [1] : [1, 2, 3]);
  }
});

Deno.test("data that the user names are not drawn otherwise", () => {
  assert.equal(contextOf({ dataset: "phantoms", data: "mine", scale: "smoke" }).context.phantoms, undefined);
  assert.equal(contextOf({ dataset: "mnist-pairs", scale: "smoke" }).context.phantoms, undefined);
});
