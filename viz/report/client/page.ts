/**
 * The data and the DOM lookups shared by the modules of the client script.
 *
 * @module
 */
import type { Builder } from "../markup/dom.ts";
import type { PageData } from "../page_data.ts";

/** The page's data, and a builder for new elements. */
export interface Page extends PageData {
  readonly h: Builder;
}

/** The element with this id, or `null`. The caller vouches for its type. */
export function byId<T extends HTMLElement>(id: string): T | null {
  return document.getElementById(id) as T | null;
}

/** All elements that match a selector, in the page or within an element. */
export function all<T extends Element>(selector: string, inside: ParentNode = document): T[] {
  return Array.from(inside.querySelectorAll<T>(selector));
}
