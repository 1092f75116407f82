/**
 * The frame of every page, and small pieces of HTML.
 *
 * @module
 */
import { API_MODULES, GUIDES } from "./pages.ts";

/** Escapes text for HTML, in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** A heading in a page's own table of contents. */
export interface Entry {
  readonly text: string;
  readonly id: string;
}

/** A page of the site. */
export interface Page {
  /** Path in the site. */
  readonly path: string;
  readonly title: string;
  /** HTML of its content. */
  readonly body: string;
  readonly contents: readonly Entry[];
}

/** The path from one page of the site to another. */
export function relativePath(from: string, to: string): string {
  return "../".repeat(from.split("/").length - 1) + to;
}

/** Renders a page with menu, search and table of contents. */
export function pageHtml({ path, title, body, contents }: Page): string {
  const to = (target: string) => relativePath(path, target);
  const link = (entry: { path: string; title: string }) => {
    const current = entry.path === path ? ' aria-current="page"' : "";
    return `<li><a href="${to(entry.path)}"${current}>${escapeHtml(entry.title)}</a></li>`;
  };
  const groups = [
    ...GUIDES,
    { title: "API", pages: API_MODULES.map(({ name, path }) => ({ title: name, path })) },
  ].map(({ title, pages }) => `<h2>${escapeHtml(title)}</h2><ul>${pages.map(link).join("")}</ul>`);
  const list = contents.map(({ text, id }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`).join("");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} - mmvm</title>
<link rel="stylesheet" href="${to("katex/katex.min.css")}">
<link rel="stylesheet" href="${to("site.css")}">
<script src="${to("search_index.js")}" defer></script>
<script src="${to("site.js")}" defer></script>
</head>
<body data-root="${to("")}">
<a class="skip" href="#content">Skip to the content</a>
<header>
<a class="name" href="${to("index.html")}">mmvm</a>
<search><label for="search">Search</label>
<input id="search" type="search" autocomplete="off" role="combobox" aria-expanded="false" aria-controls="results"
aria-autocomplete="list"><ul id="results" role="listbox" aria-label="Search results" hidden></ul></search>
</header>
<div class="columns">
<nav class="menu" aria-label="Pages"><details open><summary>Pages</summary>${groups.join("")}</details></nav>
<main id="content">
${body}</main>
${list === "" ? "" : `<nav class="contents" aria-label="On this page"><h2>On this page</h2><ul>${list}</ul></nav>`}
</div>
</body>
</html>
`;
}
