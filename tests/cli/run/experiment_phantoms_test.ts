import assert from "node:assert/strict";
import { freshPhantoms, phantomsOf } from "../../../cli/run/experiment_phantoms.ts";
import { phantomRoot } from "../../../cli/run/phantom_data.ts";
import { SCALES } from "../../../experiments/mod.ts";

Deno.test("at every scale the phantoms to score on are of another seed and folder than those to train on", () => {
  for (const scale of SCALES) {
    for (const dataset of ["phantoms", "chexpert"] as const) {
      const { drawn } = phantomsOf(dataset, { scale })!;
      const fresh = freshPhantoms(dataset, { values: { scale } })!;
      assert.notEqual(fresh.seed, drawn.seed);
      assert.notEqual(phantomRoot(fresh), phantomRoot(drawn));
      assert.equal(fresh.layout, drawn.layout);
    }
  }
  assert.deepEqual(phantomsOf("phantoms", { scale: "small" })!.drawn, { studies: 4000, seed: 21 });
  assert.equal(freshPhantoms("phantoms", { values: { scale: "small" } })!.studies, 4000);
});

Deno.test("the data's own test split is scored if it was asked for, or data of the user's own are used", () => {
  const values = { scale: "small" as const };
  assert.equal(freshPhantoms("phantoms", { values: { ...values, fresh: 0 } }), undefined);
  assert.equal(freshPhantoms("phantoms", { values, root: "/data/own" }), undefined);
  assert.equal(freshPhantoms("phantoms", { values: { ...values, fresh: 50 }, root: "/data/own" })!.studies, 50);
  assert.equal(freshPhantoms("mimic-cxr", { values, root: "/data/mimic" }), undefined);
});
