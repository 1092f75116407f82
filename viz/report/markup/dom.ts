/**
 * Builds DOM elements whose text and attributes cannot inject markup.
 *
 * The same functions draw into linkedom's document when the report is made and into the page in the browser; no part of
 * the report is ever parsed from a string of markup.
 *
 * @module
 */

/** Content of an element: strings and numbers become text nodes; `null` and `undefined` are ignored. */
export type Child = Node | string | number | null | undefined | readonly Child[];

/** Attribute values: `true` sets an empty attribute; `false`, `null` and `undefined` set none. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Creates HTML elements when called, and SVG elements with `svg`. */
export interface Builder {
  /** Creates an HTML element. */
  <Name extends keyof HTMLElementTagNameMap>(
    name: Name,
    attributes?: Attributes | null,
    ...children: Child[]
  ): HTMLElementTagNameMap[Name];
  /** Creates an SVG element. */
  readonly svg: <Name extends keyof SVGElementTagNameMap>(
    name: Name,
    attributes?: Attributes | null,
    ...children: Child[]
  ) => SVGElementTagNameMap[Name];
  /** The document of the elements. */
  readonly document: Document;
}

/** The namespace of SVG elements. */
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * Creates a {@linkcode Builder} for a document.
 *
 * @example
 * ```ts
 * import { parseHTML } from "linkedom";
 * import { createBuilder } from "./dom.ts";
 * const { document } = parseHTML("<!doctype html><html></html>") as unknown as { document: Document };
 * const h = createBuilder(document);
 * h("p", { class: "note" }, "a < b"); // <p class="note">a &lt; b</p>
 * ```
 */
export function createBuilder(document: Document): Builder {
  const html = (name: string, attributes?: Attributes | null, ...children: Child[]) =>
    fill(document.createElement(name), attributes, children);
  const svg = (name: string, attributes?: Attributes | null, ...children: Child[]) =>
    fill(document.createElementNS(SVG_NAMESPACE, name), attributes, children);
  return Object.assign(html, { svg, document }) as unknown as Builder;
}

function fill<T extends Element>(element: T, attributes: Attributes | null | undefined, children: Child[]): T {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    refuseActive(name, String(value));
    element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined) continue;
    if (Array.isArray(child)) append(element, child as readonly Child[]);
    else if (typeof child === "string" || typeof child === "number") {
      element.appendChild(element.ownerDocument.createTextNode(String(child)));
    } else element.appendChild(child as Node);
  }
}

/**
 * Rejects event handlers, inline styles and external URLs: the report uses none, so they would be a mistake or an
 * attack.
 */
function refuseActive(name: string, value: string): void {
  const lower = name.toLowerCase();
  if (lower.startsWith("on") || lower === "style" || lower === "srcdoc") {
    throw new TypeError(
      `the attribute "${name}" is not allowed in the report; use a class and the style sheet instead`,
    );
  }
  // A policy in the page cannot forbid `refresh`, which leads elsewhere.
  if (lower === "http-equiv" && value !== "Content-Security-Policy") {
    throw new TypeError(`the attribute "${name}" may only carry the policy, not "${value}"`);
  }
  if (["href", "src", "action", "xlink:href"].includes(lower) && !value.startsWith("#")) {
    throw new TypeError(`the attribute "${name}" must be a fragment of the report (#...), not an external address`);
  }
}
