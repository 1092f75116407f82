import assert from "node:assert/strict";
import { freshPhantoms, phantomsOf } from "../../../cli/run/experiment_phantoms.ts";
import { phantomRoot } from "../../../cli/run/phantom_data.ts";
import { SCALES } from "../../../experiments/mod.ts";
import { layoutOf } from "../../../phantoms/layout.ts";
import { phantomStudies } from "../../../phantoms/patients.ts";

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

for (const [dataset, layout] of [["phantoms", "mimic-cxr"], ["chexpert", "chexpert"]] as const) {
  Deno.test(`phantoms to score on share no patient and no study with those to train on, in the layout ${layout}`, () => {
    for (const scale of SCALES) {
      // The largest set that any experiment draws: variants are in MIMIC-CXR's layout.
      const { drawn, fresh } = phantomsOf(dataset, { scale, variant: dataset === "phantoms" ? { times: 4 } : {} })!;
      assert.equal(drawn.layout ?? "mimic-cxr", layout);
      const [known, unseen] = [drawn, fresh].map(({ studies, seed }) => folders(studies, seed));
      assert.ok(unseen!.size > 30);
      assert.deepEqual([...unseen!].filter((folder) => known!.has(folder)), [], scale);
    }
  });

  /** The folders of patients, and of studies in them. */
  function folders(studies: number, seed: number): Set<string> {
    const { imagePath } = layoutOf(layout);
    return new Set([...phantomStudies(seed, studies)].flatMap((study) => {
      const parts = imagePath(study, study.images[0]!).split("/");
      // CheXpert's patients lie below their split.
      const patient = parts.at(-3)!;
      return [patient, `${patient}/${parts.at(-2)}`];
    }));
  }
}
