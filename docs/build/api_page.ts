/**
 * The page of one module of the API.
 *
 * @module
 */
import type { ApiModule, ApiSymbol } from "./api.ts";
import { escapeHtml } from "./html.ts";
import { anchorOf, highlightCode, renderMarkdown } from "./markdown.ts";

/** Headings of a page's parts, by what is declared. */
const KINDS: Readonly<Record<string, string>> = {
  function: "Functions",
  class: "Classes",
  interface: "Interfaces",
  typeAlias: "Types",
  variable: "Constants",
  namespace: "Namespaces",
};

/** The anchor of a symbol on its module's page; overloads of a name follow the first. */
export function symbolAnchor(name: string, earlier = 0): string {
  return anchorOf(name.replaceAll(".", "-")) + (earlier === 0 ? "" : `-${earlier + 1}`);
}

/** The HTML of a module, and its parts. */
export function apiPage(name: string, module: ApiModule): { body: string; parts: { text: string; id: string }[] } {
  const names = new Set(module.symbols.map(({ name }) => name));
  const kinds = Object.entries(KINDS).map(([kind, title]) => ({
    title,
    symbols: module.symbols.filter((symbol) => symbol.kind === kind).sort((a, b) => a.name.localeCompare(b.name, "en")),
  })).filter(({ symbols }) => symbols.length > 0);
  const seen = new Map<string, number>();
  const parts = kinds.map(({ title, symbols }) => {
    const entries = symbols.map((symbol) => {
      const earlier = seen.get(symbol.name) ?? 0;
      seen.set(symbol.name, earlier + 1);
      return symbolHtml(symbol, { names, id: symbolAnchor(symbol.name, earlier) });
    });
    const index = [...new Set(symbols.map(({ name }) => name))].map((name) =>
      `<li><a href="#${symbolAnchor(name)}">${escapeHtml(name)}</a></li>`
    );
    const heading = `<h2 id="${anchorOf(title)}">${title}</h2>\n<ul class="index">${index.join("")}</ul>`;
    return `${heading}\n${entries.join("\n")}`;
  });
  const intro = `<h1>${escapeHtml(name)}</h1>\n${prose(module.doc.replace(/\n@module$/, ""), names)}`;
  return {
    body: `${intro}\n${parts.join("\n")}`,
    parts: kinds.map(({ title }) => ({ text: title, id: anchorOf(title) })),
  };
}

function symbolHtml(symbol: ApiSymbol, { names, id }: { names: ReadonlySet<string>; id: string }): string {
  const inline = (text: string) => prose(text, names).replace(/^<p>|<\/p>\n?$/g, "");
  const rows = [
    ...symbol.parameters.map(({ name, doc }) => [`<code>${escapeHtml(name)}</code>`, inline(doc)]),
    ...(symbol.returns === "" ? [] : [["Returns", inline(symbol.returns)]]),
    ...symbol.throws.map(({ type, doc }) => [`Throws <code>${escapeHtml(type)}</code>`, inline(doc)]),
  ].map(([term, text]) => `<dt>${term}</dt><dd>${text}</dd>`);
  const members = symbol.members.map(({ signature, doc }) =>
    `<dt><code class="hljs">${highlightCode(signature, "ts")}</code></dt><dd>${prose(doc, names)}</dd>`
  );
  return [
    `<section class="symbol" id="${id}"><h3>${escapeHtml(symbol.name)}</h3>`,
    `<pre tabindex="0"><code class="hljs">${highlightCode(symbol.signature, "ts")}</code></pre>`,
    prose(symbol.doc, names),
    rows.length === 0 ? "" : `<dl class="terms">${rows.join("")}</dl>`,
    members.length === 0 ? "" : `<dl class="members">${members.join("")}</dl>`,
    ...symbol.examples.map((example) => `<h4>Example</h4>${prose(example, names)}`),
    `<p class="source">${escapeHtml(symbol.source)}:${symbol.line}</p></section>`,
  ].join("\n");
}

/** Documentation, with `{@link NAME}` as links to symbols of this page and as code otherwise. */
function prose(markdown: string, names: ReadonlySet<string>): string {
  const linked = markdown.replaceAll(
    /\{@link(?:code)?\s+([^}|\s]+)[^}]*\}/g,
    (_, name: string) => names.has(name) ? `[\`${name}\`](#${symbolAnchor(name)})` : `\`${name}\``,
  );
  // Comments are written for editors, in which a dollar sign is one.
  return renderMarkdown(linked, { math: false }).html;
}
