/**
 * The head of a page that loads nothing.
 *
 * @module
 */
import type { Builder } from "./dom.ts";

/** A page's head: its policy first, because it holds for what follows only. */
export function documentHead(h: Builder, page: { title: string; policy: string; style: string }): HTMLElement {
  return h(
    "head",
    null,
    h("meta", { charset: "utf-8" }),
    h("meta", { "http-equiv": "Content-Security-Policy", content: page.policy }),
    h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
    h("meta", { name: "referrer", content: "no-referrer" }),
    h("meta", { name: "generator", content: "mmvm" }),
    h("meta", { name: "color-scheme", content: "light dark" }),
    h("title", null, page.title),
    h("style", null, page.style),
  );
}
