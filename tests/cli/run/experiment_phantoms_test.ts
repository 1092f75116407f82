import assert from "node:assert/strict";
import { freshPhantoms, phantomsOf } from "../../../cli/run/experiment_phantoms.ts";
import { phantomRoot } from "../../../cli/run/phantom_data.ts";
import { SCALES } from "../../../experiments/mod.ts";
import { layoutOf } from "../../../phantoms/layout.ts";
import type { PhantomLayout } from "../../../phantoms/mod.ts";
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

/** The names of patients and of studies; CheXpert's studies are numbered within a patient. */
function names(layout: PhantomLayout, { studies, seed }: { studies: number; seed: number }): Set<string> {
  const { imagePath } = layoutOf(layout);
  return new Set([...phantomStudies(seed, studies)].flatMap((study) => {
    const parts = imagePath(study, study.images[0]!).split("/");
    const [patient, name] = [parts.at(-3)!, parts.at(-2)!];
    return [patient, layout === "chexpert" ? `${patient}/${name}` : name];
  }));
}

for (const [dataset, layout] of [["phantoms", "mimic-cxr"], ["chexpert", "chexpert"]] as const) {
  Deno.test(`phantoms to score on share no patient and no study with those to train on in ${layout}`, () => {
    for (const scale of SCALES) {
      // The largest set that any experiment draws: variants are in MIMIC-CXR's layout.
      const { drawn, fresh } = phantomsOf(dataset, { scale, variant: dataset === "phantoms" ? { times: 4 } : {} })!;
      assert.equal(drawn.layout ?? "mimic-cxr", layout);
      const [known, unseen] = [drawn, fresh].map((choice) => names(layout, choice));
      assert.ok(unseen!.size > 30);
      assert.deepEqual([...unseen!].filter((name) => known!.has(name)), [], scale);
    }
  });
}
