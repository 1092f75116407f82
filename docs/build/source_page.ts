/**
 * Pages that show a source file, or list a folder, which guides link to.
 *
 * @module
 */
import { escapeHtml } from "./html.ts";
import { highlightCode } from "./markdown.ts";

const LANGUAGES: Readonly<Record<string, string>> = {
  ts: "ts",
  wgsl: "wgsl",
  py: "python",
  json: "json",
  yml: "yaml",
  cff: "yaml",
  sh: "sh",
};

/** The HTML of a source file. */
export function sourceHtml(path: string, text: string): string {
  const language = LANGUAGES[path.split(".").at(-1)!] ?? "";
  return `<h1>${escapeHtml(path)}</h1>\n<pre tabindex="0"><code class="hljs">${
    highlightCode(text, language)
  }</code></pre>\n`;
}

/** The HTML of a folder's list. */
export function folderHtml(path: string, names: readonly string[]): string {
  const items = names.map((name) => `<li><a href="${name}.html">${escapeHtml(name)}</a></li>`);
  return `<h1>${escapeHtml(path)}/</h1>\n<ul>${items.join("")}</ul>\n`;
}
