/**
 * The report of a phantom study, in the form of MIMIC-CXR's reports.
 *
 * @module
 */
import { Draws } from "../draws.ts";
import { spread, type StudyState } from "../patients.ts";
import type { Scene } from "../scene.ts";
import { describeStudy } from "./describe_study.ts";

/** Share of the studies whose report is missing. */
const MISSING = 0.02;
const WIDTH = 78;
const RULE = "_".repeat(WIDTH);

const INDICATIONS = [
  "cough",
  "fever",
  "dyspnea",
  "chest pain",
  "fall",
  "hypoxia",
  "follow-up",
  "line placement",
] as const;

/** Forms of reports, with the share of the studies up to each. */
const FORMS = [
  ["both", 0.72],
  ["impression", 0.84],
  ["findings", 0.9],
  ["paragraph", 0.96],
  ["addendum", 0.98],
  ["twice", 1],
] as const;

/**
 * The report of a study; `undefined` for the few studies without one. Determined by the study alone: what is said by
 * {@linkcode describeStudy}, and the form (sections, headers, their spelling, addenda, two reports in one file) by a
 * stream of its own. As in MIMIC-CXR, names and dates are masked by `___` and lines are wrapped.
 */
export function reportText(study: StudyState, scene: Scene): string | undefined {
  const { seed, index, portable, patient } = study;
  if (spread(seed, "report", index) < MISSING) return undefined;
  const draws = new Draws("phantom report", seed, index);
  const { findings, impression } = describeStudy(study, scene, draws);
  const chance = draws.uniform();
  const form = FORMS.find(([, upTo]) => chance < upTo)?.[0] ?? "both";
  const person = draws.pick([`___${patient.body.sex}`, `___ year old ${patient.body.sex === "F" ? "woman" : "man"}`]);
  const views = portable ? "CHEST (PORTABLE AP)" : "CHEST (PA AND LAT)";
  const sections: [string, string][] = [
    ["EXAMINATION", views],
    [draws.pick(["INDICATION", "HISTORY", "REASON FOR EXAM"]), `${person} with ${draws.pick(INDICATIONS)}`],
    ["COMPARISON", draws.pick(["None.", "Chest radiograph of ___.", "___"])],
  ];
  if (form === "paragraph") {
    return [title(), wrapped(views), ...sections.slice(1).map(section), wrapped(findings.join(" "))].join("\n\n") +
      "\n";
  }
  const spelling = draws.uniform();
  if (form !== "impression") sections.push([findingsHeader(spelling, views), findings.join(" ")]);
  if (form !== "findings") sections.push([spelling < 0.03 ? "IMPRESSON" : "IMPRESSION", numbered(impression)]);
  const report = [title(), ...sections.map(section)].join("\n\n") + "\n";
  if (form === "addendum") {
    return `${title("ADDENDUM")}\n\n${
      section(["ADDENDUM", "The findings were discussed with Dr. ___ by phone."])
    }\n\n${RULE}\n${report}`;
  }
  if (form === "twice") {
    const first = [title(), section(["IMPRESSION", "Preliminary reading; see the report below."])].join("\n\n");
    return `${first}\n\n${RULE}\n${report}`;
  }
  return report;
}

function findingsHeader(spelling: number, views: string): string {
  if (spelling < 0.02) return "FINDNGS";
  if (spelling < 0.06) return `${views.replace(/[()]/g, "")} VIEWS`;
  return "FINDINGS";
}

function title(kind = "REPORT"): string {
  return `${" ".repeat(33)}FINAL ${kind}`;
}

function numbered(sentences: readonly string[]): string {
  return sentences.length < 2 ? sentences.join("") : sentences.map((text, i) => `${i + 1}. ${text}`).join(" ");
}

function section([header, text]: readonly [string, string]): string {
  return wrapped(`${header}:  ${text}`);
}

/** Lines of at most 78 characters, each indented by one. */
function wrapped(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length >= WIDTH) {
      lines.push(line);
      line = "";
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}
