/**
 * Tests of the phantoms' reports.
 *
 * @module
 */
import assert from "node:assert/strict";
import { parseReport } from "../../../data/text/parse_report.ts";
import { tokenize } from "../../../data/text/tokenize.ts";
import { LABEL_STATES } from "../../../data/index/labels.ts";
import { sceneOf } from "../../../phantoms/draw.ts";
import { Draws } from "../../../phantoms/draws.ts";
import { phantomStudies, type StudyState } from "../../../phantoms/patients.ts";
import { describeStudy } from "../../../phantoms/text/describe_study.ts";
import { reportText } from "../../../phantoms/text/report_text.ts";

const STUDIES = [...phantomStudies(5, 400)];
const REPORTS = STUDIES.map((study) => reportText(study, sceneOf(study)));

/** What the report of a study says if some of its states are replaced. */
function said(study: StudyState, changes: { label: number; severity: number }): string[] {
  const chexpert = Object.fromEntries(Object.keys(study.labels.chexpert!).map((name) => [name, LABEL_STATES.blank]));
  const changed = {
    ...study,
    severities: { ...study.severities, "Pleural Effusion": changes.severity, "Support Devices": 0 },
    labels: { ...study.labels, chexpert: { ...chexpert, "Pleural Effusion": changes.label } },
  } as StudyState;
  const scene = sceneOf(changed);
  return Array.from({ length: 40 }, (_, i) => describeStudy(changed, scene, new Draws("test", i)).findings.join(" "));
}

Deno.test("reportText() depends on the study alone", () => {
  const [again] = phantomStudies(5, 1);
  assert.equal(reportText(again!, sceneOf(again!)), REPORTS[0]);
  assert.notEqual(REPORTS[0], REPORTS[1]);
});

Deno.test("reportText() writes every form that the section parser must know", () => {
  const parsed = REPORTS.filter((text) => text !== undefined).map(parseReport);
  const share = (is: (report: ReturnType<typeof parseReport>) => boolean) => parsed.filter(is).length / STUDIES.length;
  assert.ok(share(() => true) < 0.99 && share(() => true) > 0.97, "about 2 % have no report");
  assert.ok(parsed.every(({ findings, impression, lastParagraph }) => findings || impression || lastParagraph));
  assert.ok(share(({ findings, impression }) => findings !== "" && impression !== "") > 0.6);
  for (
    const is of [
      (report: ReturnType<typeof parseReport>) => report.findings === "" && report.impression !== "",
      (report: ReturnType<typeof parseReport>) => report.findings !== "" && report.impression === "",
      (report: ReturnType<typeof parseReport>) => report.lastParagraph !== "",
      (report: ReturnType<typeof parseReport>) => report.addenda! > 0,
      (report: ReturnType<typeof parseReport>) => report.reports! > 1,
    ]
  ) assert.ok(share(is) > 0.005 && share(is) < 0.2);
});

Deno.test("reportText() wraps lines, masks names and fills every blank of its sentences", () => {
  for (const text of REPORTS) {
    if (text === undefined) continue;
    assert.ok(text.split("\n").every((line) => line.length <= 80));
    assert.doesNotMatch(text, /[[\]]|undefined| {2,}[a-z]|the bilateral/);
  }
  assert.ok(REPORTS.some((text) => text?.includes("___")));
});

Deno.test("describeStudy() states, doubts, denies or omits a finding as its label says", () => {
  const study = STUDIES.find(({ labels }) => labels.chexpert !== null)!;
  const positive = said(study, { label: LABEL_STATES.positive, severity: 0.9 });
  assert.ok(positive.every((text) => /effusion/.test(text) && !/no |exclude|possible/i.test(text)), positive[0]);
  assert.ok(new Set(positive).size > 5, "the wording varies");
  assert.ok(positive.every((text) => /large/i.test(text)));
  assert.ok(said(study, { label: LABEL_STATES.positive, severity: 0.3 }).every((text) => /small/i.test(text)));
  const uncertain = said(study, { label: LABEL_STATES.uncertain, severity: 0.3 });
  assert.ok(uncertain.every((text) => /exclude|possible/i.test(text)));
  const negative = said(study, { label: LABEL_STATES.negative, severity: 0 });
  assert.ok(negative.every((text) => /\bno (pleural )?effusion/i.test(text)));
});

Deno.test("describeStudy() names the side on which the finding is drawn", () => {
  const study = STUDIES.find(({ labels }) => labels.chexpert !== null)!;
  const changed = { ...study, severities: { ...study.severities, "Pleural Effusion": 0.9 } };
  const { side, fluid } = { side: sceneOf(changed).sides["Pleural Effusion"], fluid: sceneOf(changed).lungs };
  const wet = (["right", "left"] as const).filter((name) => fluid[name].fluid > -30);
  assert.equal(side, wet.length === 2 ? "bilateral" : wet[0]);
  const word = side === "bilateral" ? /bilateral|both/i : new RegExp(side!, "i");
  assert.ok(said(study, { label: LABEL_STATES.positive, severity: 0.9 }).every((text) => word.test(text)));
});

Deno.test("reportText() uses few hundred words, most of them often", () => {
  const words = new Set(REPORTS.flatMap((text) => tokenize(text ?? "")));
  assert.ok(words.size > 150 && words.size < 500, `${words.size} words`);
});
