import type { Builder } from "../markup/dom.ts";
import type { PageData } from "../page_data.ts";

/** What every part of the script works with. */
export interface Page extends PageData {
  readonly h: Builder;
}

/** The element with an id, or `null`, as the type its caller knows it to have. */
export function byId<T extends HTMLElement>(id: string): T | null {
  return document.getElementById(id) as T | null;
}

/** All elements of a selector, inside another element or the page. */
export function all<T extends Element>(selector: string, inside: ParentNode = document): T[] {
  return Array.from(inside.querySelectorAll<T>(selector));
}
