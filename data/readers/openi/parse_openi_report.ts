/**
 * Parses the XML reports of Open-i's Indiana University collection.
 *
 * @module
 */
import { SaxesParser } from "saxes";
import { DataError } from "../../../base/errors.ts";

/** What is used of a report. */
export interface OpeniReport {
  /** Number of the report, `1` for `<uId id="CXR1"/>`. */
  id: string;
  /** Sections by their label in upper case. */
  sections: Map<string, string>;
  /** Major MeSH headings with qualifiers: `Opacity/lung/base/left`. */
  headings: string[];
  images: { id: string; caption: string }[];
}

/** Real reports have about 60 elements, 10 levels deep. */
const MAX_ELEMENTS = 20_000;
const MAX_DEPTH = 64;
const MAX_IMAGES = 1000;

/**
 * Parses a report. Only elements, attributes and text are used: a document type declaration, which could define
 * entities, is refused.
 *
 * @param file Named in errors, which never quote the report.
 * @throws {DataError} for anything that is not well-formed XML or not a report of this collection.
 */
export function parseOpeniReport(xml: string, file: string): OpeniReport {
  const report: OpeniReport = { id: "", sections: new Map(), headings: [], images: [] };
  const path: string[] = [];
  let elements = 0;
  let text = "";
  let label = "";
  const parser = new SaxesParser({ position: true });
  const refuse = (reason: string): never => {
    throw new DataError(`${reason}; fetch the report again`, { file, line: parser.line });
  };
  parser.on("error", () => refuse("the XML is not well-formed"));
  parser.on("doctype", () => refuse("the XML has a document type declaration, which no report has"));
  parser.on("opentag", ({ name, attributes }) => {
    if (++elements > MAX_ELEMENTS || path.length >= MAX_DEPTH) refuse("the XML has more elements than any report");
    path.push(name);
    text = "";
    if (path.length === 1 && name !== "eCitation") refuse("the XML is no report of Open-i: its root is not eCitation");
    if (name === "uId") report.id = attribute(attributes, "id").replace(/^CXR/, "");
    if (name === "AbstractText") label = attribute(attributes, "Label").toUpperCase();
    if (name === "parentImage" && report.images.push({ id: attribute(attributes, "id"), caption: "" }) > MAX_IMAGES) {
      refuse("the report lists more images than any study has");
    }
  });
  parser.on("text", (piece) => text += piece);
  parser.on("cdata", (piece) => text += piece);
  parser.on("closetag", ({ name }) => {
    path.pop();
    const content = text.replace(/\s+/g, " ").trim();
    text = "";
    if (content === "") return;
    if (name === "AbstractText") report.sections.set(label, content);
    else if (name === "major" && path.at(-1) === "MeSH") report.headings.push(content);
    else if (name === "caption" && path.at(-1) === "parentImage") report.images.at(-1)!.caption = content;
  });
  parser.write(xml).close();
  if (!/^[0-9]{1,9}$/.test(report.id)) refuse("the report has no number (uId)");
  return report;
}

/** The value of an attribute, or an empty text. */
function attribute(attributes: Readonly<Record<string, unknown>>, name: string): string {
  const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  return typeof value === "string" ? value : "";
}
