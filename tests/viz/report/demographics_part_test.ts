import assert from "node:assert/strict";
import { parseHTML } from "linkedom";
import type { SubgroupRecord } from "../../../eval/results/subgroup_record.ts";
import { resultsSchema } from "../../../eval/results/results_schema.ts";
import { renderReport } from "../../../viz/report/report.ts";
import { singleRunFixture } from "./fixture.ts";

const interval = (value: number) => ({ value, low: value - 0.1, high: value + 0.1 });

const SUBGROUPS: SubgroupRecord[] = [{
  attribute: "sex",
  limits: { subjects: 20, studies: 10 },
  unknown: 3,
  groups: [
    { group: "female", studies: 61, subjects: 44, macro: interval(0.712), labels: [] },
    { group: "male", studies: null, subjects: null, macro: null, labels: [] },
  ],
  gaps: [
    { label: null, rate: "true-positive", high: "female", low: "male", difference: interval(0.234) },
    { label: "Edema", rate: "true-positive", high: "male", low: "female", difference: interval(0.5) },
  ],
}];

/** The text of the part that follows a heading. */
function partAfter(html: string, heading: string): string {
  const { document } = parseHTML(html) as unknown as { document: Document };
  const start = [...document.querySelectorAll("#cohort h3")].find(({ textContent }) => textContent === heading)!;
  const texts: string[] = [];
  for (let next = start.nextElementSibling; next && next.tagName !== "H3"; next = next.nextElementSibling) {
    texts.push(next.textContent!);
  }
  return texts.join("\n");
}

Deno.test("the cohort section shows scores and gaps by age, sex and race, and what is withheld", () => {
  const results = singleRunFixture();
  const grouped = resultsSchema.parse({
    ...results,
    evaluations: results.evaluations.map((evaluation) => ({ ...evaluation, subgroups: SUBGROUPS })),
  });
  const text = partAfter(renderReport(grouped), "Age, sex and race");
  assert.match(text, /Sexfemale61440\.712/);
  assert.match(text, /Sexmalewithheld/);
  assert.match(text, /SexTrue positive ratefemale − male0\.234/);
  assert.doesNotMatch(text, /male − female/, "gaps of single labels are in results.json only");
  assert.match(text, /Groups of fewer than 20 patients are withheld, as are rates of fewer than 10 studies/);
});

Deno.test("the cohort section says how to get subgroups if there are none", () => {
  const text = partAfter(renderReport(singleRunFixture()), "Age, sex and race");
  assert.equal(text, "No table states age, sex or race of the patients; --demographics takes one.");
});
