/**
 * A report as a document.
 *
 * @module
 */
import { parseHTML } from "linkedom";

/** The document of a report. */
export function parse(text: string): Document {
  return (parseHTML(text) as unknown as { document: Document }).document;
}

/** The elements that a selector names, in order. */
export function elements(selector: string, inside: ParentNode): Element[] {
  return Array.from(inside.querySelectorAll(selector));
}

/** The visible text: without scripts and styles. */
export function visibleText(document: Document): string {
  for (const element of elements("script, style", document)) element.remove();
  return document.body.textContent ?? "";
}
