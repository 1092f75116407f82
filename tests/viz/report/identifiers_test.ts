import assert from "node:assert/strict";
import type { Results } from "../../../eval/results/results.ts";
import { REDACTED, withoutIdentifiers } from "../../../viz/report/identifiers.ts";
import { singleRunFixture } from "./fixture.ts";

const fixture = singleRunFixture({ studies: 60, pictures: false });
const [study, subject] = [fixture.cases[0]!.studyIds[3]!, fixture.cases[0]!.subjectIds[3]!];
const dicom = "02aa804e-bde0afdd-112c0b34-7bc16630-4e384014";

/** The fixture with identifiers in every string field. */
function leaky(): Results {
  const copy = structuredClone(fixture);
  copy.title = `Study ${study}`;
  copy.data.cohort[0]!.reason = `for example files/p10/p${subject}/s${study}/${dicom}.jpg`;
  copy.runs[0]!.commands.push(`deno task train --data /data/p${subject}`);
  copy.runs[0]!.config = {
    ...copy.runs[0]!.config,
    example: { path: `s${study}.txt`, [subject]: 1, number: Number(subject) },
  };
  copy.runs[0]!.versions["note"] = dicom;
  copy.cases[0]!.viewPositions[0] = `s${study}`;
  copy.evaluations[0]!.view = `view of ${subject}`;
  copy.comparisons = [{
    view: "frontal",
    label: null,
    labelledFraction: 1,
    probe: "logistic-regression",
    baseline: `run-${study}`,
    method: "mmvm",
    difference: { value: 0, low: 0, high: 0 },
    p: 1,
    pHolm: 1,
    test: "paired-bootstrap",
  }];
  return copy;
}

Deno.test("withoutIdentifiers() removes every identifier from every string", () => {
  const text = JSON.stringify(withoutIdentifiers(leaky()));
  for (const id of [...fixture.cases[0]!.studyIds, ...fixture.cases[0]!.subjectIds, dicom]) {
    assert.ok(!text.includes(id), id);
  }
  assert.ok(text.includes(REDACTED));
});

Deno.test("withoutIdentifiers() keeps scores, counts, labels and commands", () => {
  const clean = withoutIdentifiers(fixture);
  assert.deepEqual(clean.evaluations, fixture.evaluations);
  assert.deepEqual(clean.data, fixture.data);
  assert.deepEqual(clean.runs, fixture.runs);
  assert.deepEqual(clean.cases[0]!.labels, fixture.cases[0]!.labels);
});

Deno.test("withoutIdentifiers() preserves which studies belong to the same patient", () => {
  const [before, after] = [fixture.cases[0]!, withoutIdentifiers(fixture).cases[0]!];
  before.subjectIds.forEach((id, i) => {
    assert.equal(after.subjectIds[i] === after.subjectIds[0], id === before.subjectIds[0]);
  });
  assert.equal(new Set(after.subjectIds).size, new Set(before.subjectIds).size);
});

Deno.test("withoutIdentifiers() does not remove configuration numbers that equal short identifiers", () => {
  const copy = structuredClone(fixture);
  copy.cases[0]!.studyIds = copy.cases[0]!.studyIds.map((_, i) => String(i));
  const clean = withoutIdentifiers(copy);
  assert.deepEqual(clean.runs[0]!.config, copy.runs[0]!.config);
  assert.ok(clean.cases[0]!.studyIds.every((id) => id === ""));
});

Deno.test("withoutIdentifiers() removes identifiers in MIMIC-CXR's format even if they are not listed as cases", () => {
  const copy = structuredClone(fixture);
  copy.title = "p19999999, s59999999 and 0a0a0a0a-0b0b0b0b-0c0c0c0c-0d0d0d0d-0e0e0e0e";
  assert.doesNotMatch(withoutIdentifiers(copy).title, /9999999|0a0a0a0a/);
});
