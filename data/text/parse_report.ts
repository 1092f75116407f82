/**
 * Splits a free-text radiology report into its sections.
 *
 * @module
 */
import { capitalSectionKind, type SectionKind, sectionKind } from "./section_names.ts";
import type { ReportParts } from "./study_texts.ts";

/** A line with nothing but one of these separates reports, or a report from its addendum. */
const TITLE = /^(?:final|preliminary|interim|provisional)\s+(report|addendum)\s*:?$/i;
const RULE = /^[_=-]{10,}$/;
/** A header at the start of a line: up to 80 characters before a colon, which is not that of a time. */
const HEADER = /^([A-Za-z][A-Za-z0-9 ()/,&.'-]{1,79}?) {0,8}:(?!\d)/;
/** An addendum's title without a colon: `ADDENDUM`, `ADDENDUM BEGINS`, `ADDENDUM #2`. */
const ADDENDUM = /^(?:final\s+)?addendum\b[^:.]{0,20}$/i;
/** Headers in capitals within a line, as in reports whose line ends were lost. */
const INLINE =
  /(?<=[^A-Z\s/&][ \t]+)(?:FINDINGS?(?: ?(?:AND|\/) ?IMPRESSION)?|IMPRESSIONS?|CONCLUSIONS?|INDICATION|COMPARISON|TECHNIQUE|EXAMINATION|HISTORY|RECOMMENDATIONS?|NOTIFICATION|ADDENDUM) ?:/g;

/** A short line in capitals, such as `PA AND LATERAL CHEST ON ___`, is a title. */
const NAMES_STUDY = /^[A-Z0-9 ()/,&_-]{1,60}$/;

/** One section: its kind and the lines below its header. */
interface Section {
  kind: SectionKind;
  lines: string[];
}

/**
 * Finds FINDINGS, IMPRESSION and the last paragraph of a report. Headers may be misspelt, in any case for known names,
 * at the start of a line, or in capitals within one. If the file holds several reports, the last one with any of these
 * parts is used; addenda are counted and used only for their own FINDINGS and IMPRESSION headers.
 *
 * The last paragraph is the last block of text that no header assigns to something else (history, technique, ...).
 */
export function parseReport(text: string): ReportParts {
  const reports: Section[][] = [[{ kind: "other", lines: [] }]];
  let titles = 0;
  let addenda = 0;
  const current = () => reports.at(-1)!.at(-1)!;
  const open = (kind: SectionKind) => {
    if (kind === "addendum" && current().kind !== "addendum") addenda++;
    reports.at(-1)!.push({ kind, lines: [] });
  };
  for (const line of brokenAtHeaders(text)) {
    const title = TITLE.exec(line);
    if (title !== null) {
      if (title[1]!.toLowerCase() === "addendum") open("addendum");
      else if (++titles > 1) reports.push([{ kind: "other", lines: [] }]);
      else open("other");
    } else if (RULE.test(line)) {
      open("other");
    } else if (ADDENDUM.test(line)) {
      open("addendum");
    } else {
      const header = headerOf(line);
      const isNew = header !== undefined && startsSection(header.kind, current().kind);
      if (isNew) open(header.kind);
      current().lines.push(isNew ? header.rest : line);
    }
  }
  const parts = reports.map(partsOf);
  const used = parts.findLast((found) => found.findings !== "" || found.impression !== "") ??
    parts.findLast((found) => found.lastParagraph !== "") ?? parts[0]!;
  return { ...used, reports: Math.max(1, titles), addenda };
}

/** The trimmed lines of a text, with a line break added before each header in capitals. */
function brokenAtHeaders(text: string): string[] {
  return text.split(/\r\n|\r|\n/).flatMap((line) => line.replace(INLINE, "\n$&").split("\n"))
    .map((line) => line.trim());
}

/** Whether a header ends a section. `LUNGS:` and `LATERAL VIEW:` are parts of findings, not ends of them. */
function startsSection(header: SectionKind, current: SectionKind): boolean {
  const isPart = header === "other" || header === "images";
  return !isPart || !["findings", "impression", "both", "images"].includes(current);
}

function headerOf(line: string): { kind: SectionKind; rest: string } | undefined {
  const match = HEADER.exec(line);
  if (match === null) return undefined;
  const name = match[1]!;
  const capitals = name === name.toUpperCase() && /[A-Z]{3}/.test(name);
  const kind = capitals ? capitalSectionKind(name) : sectionKind(name);
  return kind === undefined ? undefined : { kind, rest: line.slice(match[0].length) };
}

function partsOf(sections: readonly Section[]): { findings: string; impression: string; lastParagraph: string } {
  const parts = { findings: "", impression: "", lastParagraph: "" };
  for (const { kind, lines } of sections) {
    const text = joined(lines);
    if (text === "") continue;
    // A section may be written again, in an addendum for example: the last one counts.
    if (kind === "findings" || kind === "images" || kind === "both") parts.findings = text;
    if (kind === "impression" || kind === "both") parts.impression = text;
    // Text that follows a history, say, after a blank line is no part of it.
    const free = kind === "other" ? paragraphs(lines) : kind === "context" ? paragraphs(lines).slice(1) : [];
    parts.lastParagraph = free.findLast((paragraph) => !NAMES_STUDY.test(paragraph)) ?? parts.lastParagraph;
  }
  return parts;
}

function joined(lines: readonly string[]): string {
  return lines.join(" ").replace(/\s+/g, " ").trim();
}

/** The blocks of lines between blank ones. */
function paragraphs(lines: readonly string[]): string[] {
  const blocks: string[][] = [[]];
  for (const line of lines) {
    if (line !== "") blocks.at(-1)!.push(line);
    else if (blocks.at(-1)!.length > 0) blocks.push([]);
  }
  return blocks.map(joined).filter((text) => text !== "");
}
