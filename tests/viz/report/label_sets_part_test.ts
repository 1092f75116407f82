import assert from "node:assert/strict";
import { resultsSchema } from "../../../eval/results/results_schema.ts";
import { renderReport } from "../../../viz/report/report.ts";
import { singleRunFixture } from "./fixture.ts";

const interval = (value: number) => ({ value, low: value - 0.1, high: value + 0.1 });

/** The text of a report's section on the cohort. */
function cohortText(html: string): string {
  return /<section[^>]*id="cohort".*?<\/section>/s.exec(html)![0].replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " ");
}

Deno.test("the cohort section shows the agreement of two label sets and the AUROC under both", () => {
  const results = singleRunFixture();
  const pair = { training: interval(0.7), test: interval(0.75), difference: interval(0.05) };
  const both = resultsSchema.parse({
    ...results,
    data: {
      ...results.data,
      labelAgreement: {
        training: "chexpert",
        test: "radiologists",
        studies: 87,
        subjects: 64,
        labels: [{
          label: "Edema",
          trainingPositives: 21,
          testPositives: 25,
          kappa: interval(0.612),
          sensitivity: interval(0.713),
          specificity: interval(0.814),
        }],
      },
    },
    evaluations: results.evaluations.map((evaluation) => ({
      ...evaluation,
      labelSets: {
        test: "radiologists",
        studies: 87,
        labels: [{ label: "Edema", ...pair }],
        macro: { labels: ["Edema"], ...pair },
      },
    })),
  });
  const text = cohortText(renderReport(both));
  assert.match(text, /Edema 21 25 0\.612 0\.512–0\.712 0\.713 0\.613–0\.813 0\.814 0\.714–0\.914/);
  assert.match(text, /MMVM Edema 0\.700 0\.600–0\.800 0\.750 0\.650–0\.850 0\.050/);
  assert.match(text, /On the 87 test studies of 64 patients that have both sets/);
});

Deno.test("the cohort section says how to get a second label set if there is none", () => {
  const text = cohortText(renderReport(singleRunFixture()));
  assert.match(text, /The test studies have labels of one set; --test-labels takes a second one\./);
});
