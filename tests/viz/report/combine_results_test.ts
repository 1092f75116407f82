import assert from "node:assert/strict";
import { resultsSchema } from "../../../eval/results/results_schema.ts";
import { combineResults } from "../../../viz/report/combine_results.ts";
import { singleRunFixture } from "./fixture.ts";

const small = { studies: 40, labels: ["Edema", "Pneumonia"] };
const one = singleRunFixture(small);
const other = singleRunFixture({ ...small, methods: ["poe"] });

Deno.test("combineResults() merges two files into one valid file with the runs and evaluations of both", () => {
  const combined = combineResults([one, other]);
  resultsSchema.parse(combined);
  assert.deepEqual(combined.runs.map((run) => run.name), ["mmvm-s0", "poe-s0"]);
  assert.equal(combined.evaluations.length, one.evaluations.length + other.evaluations.length);
  assert.equal(combined.cases.length, 1, "identical cases are shared");
});

Deno.test("combineResults() of a file with itself returns the same results", () => {
  const combined = combineResults([one, structuredClone(one)]);
  assert.deepEqual({ ...combined, title: "" }, { ...one, title: "" });
  assert.equal(combineResults([one]), one);
});

Deno.test("combineResults() renames different runs and cases that share a name, and all references to them", () => {
  const again = singleRunFixture({ ...small, seed: 5 });
  const combined = combineResults([one, again]);
  assert.deepEqual(combined.runs.map((run) => run.name), ["mmvm-s0", "mmvm-s0 (2)"]);
  assert.deepEqual(combined.cases.map((cases) => cases.id), ["test", "test (2)"]);
  const second = combined.evaluations.filter((evaluation) => evaluation.run === "mmvm-s0 (2)");
  assert.equal(second.length, again.evaluations.length);
  assert.ok(second.every((evaluation) => evaluation.cases === "test (2)"));
  assert.ok(combined.pictures.some((pictures) => pictures.run === "mmvm-s0 (2)"));
});

Deno.test("combineResults() keeps what both generate, by their names in the combined file", () => {
  const generative = (run: string) => [{
    run,
    judge: { run: "judge", features: 2 },
    pairs: 1,
    quality: [],
    coherence: [],
    agreement: [],
    distances: [],
    clusters: [],
    mixtures: [],
    samples: [],
    leftOut: [],
  }];
  const again = singleRunFixture({ ...small, seed: 5 });
  const combined = combineResults([
    { ...one, generative: generative("mmvm-s0") },
    { ...again, generative: generative("mmvm-s0") },
  ]);
  assert.deepEqual(combined.generative!.map(({ run }) => run), ["mmvm-s0", "mmvm-s0 (2)"]);
  assert.equal(combineResults([one, again]).generative, undefined);
});

Deno.test("combineResults() rejects different labels or data sets and names the runs", () => {
  const labels = singleRunFixture({ ...small, labels: ["Edema", "Fracture"], methods: ["poe"] });
  assert.throws(() => combineResults([one, labels]), {
    name: "UserError",
    message: /runs mmvm-s0 and poe-s0 have different labels \(Pneumonia, Fracture in one only\)/,
  });
  const order = singleRunFixture({ ...small, labels: ["Pneumonia", "Edema"] });
  assert.throws(() => combineResults([one, order]), { message: /in another order/ });
  const real = singleRunFixture({ ...small, synthetic: false });
  assert.throws(() => combineResults([one, real]), { message: /on different data sets/ });
  assert.throws(() => combineResults([]), { name: "UserError" });
});
