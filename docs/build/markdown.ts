/**
 * Turns a Markdown page into HTML: tables, formulas by KaTeX, highlighted code, headings with anchors, and links that
 * lead to the pages of the site.
 *
 * @module
 */
import { katex } from "@mdit/plugin-katex";
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import typescript from "highlight.js/lib/languages/typescript";
import yaml from "highlight.js/lib/languages/yaml";
import MarkdownIt from "markdown-it";
import { DataError } from "../../base/errors.ts";
import { escapeHtml } from "./html.ts";
import { wgsl } from "./wgsl_grammar.ts";

hljs.registerLanguage("sh", bash);
hljs.registerLanguage("json", json);
hljs.registerLanguage("python", python);
hljs.registerLanguage("ts", typescript);
hljs.registerLanguage("yaml", yaml);
hljs.registerLanguage("wgsl", wgsl);

/** A heading of a page. */
export interface Heading {
  readonly level: number;
  readonly text: string;
  /** Its anchor, as GitHub makes it. */
  readonly id: string;
}

/** A section of a page, for the search. */
export interface Section {
  readonly heading: Heading;
  /** Its text without markup. */
  readonly text: string;
}

/** A page's content. */
export interface RenderedMarkdown {
  readonly html: string;
  readonly sections: readonly Section[];
}

/** How to render. */
export interface MarkdownOptions {
  /** Where a link or image of the page leads to in the site; unchanged if left out. */
  readonly resolve?: (target: string) => string;
  /** Whether dollar signs enclose formulas; true by default. */
  readonly math?: boolean;
}

type Token = ReturnType<MarkdownIt["parse"]>[number];

/** Code as HTML; of a language that is not known, without colours. */
export function highlightCode(code: string, language: string): string {
  return hljs.getLanguage(language) ? hljs.highlight(code, { language }).value : escapeHtml(code);
}

/** Wide tables and lines of code scroll by themselves instead of the page, by mouse and keyboard. */
function createRenderer(): MarkdownIt {
  const renderer = new MarkdownIt();
  const { rules } = renderer.renderer;
  rules.table_open = () => '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>\n';
  rules.table_close = () => "</table></div>\n";
  rules.fence = (tokens, i) => {
    const { content, info } = tokens[i]!;
    return `<pre tabindex="0"><code class="hljs">${highlightCode(content, info.trim().split(/\s/)[0]!)}</code></pre>\n`;
  };
  return renderer;
}

const WITHOUT_MATH = createRenderer();
const WITH_MATH = createRenderer().use(katex, { throwOnError: true });

/** GitHub's anchor of a heading: lower case, without punctuation, with dashes for spaces. */
export function anchorOf(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(/\s/g, "-");
}

/**
 * Renders a page. Raw HTML is shown as text, apart from comments, which are left out.
 *
 * @throws {DataError} for a formula that KaTeX does not understand.
 */
export function renderMarkdown(markdown: string, options: MarkdownOptions = {}): RenderedMarkdown {
  const { resolve = (target) => target, math = true } = options;
  const renderer = math ? WITH_MATH : WITHOUT_MATH;
  const tokens = renderer.parse(markdown.replaceAll(/<!--[^]*?-->/g, ""), {});
  const sections = addAnchors(tokens);
  rewriteLinks(tokens, resolve);
  const html = renderer.renderer.render(tokens, renderer.options, {});
  const error = /katex-error['"] title=['"]([^'"]*)/.exec(html)?.[1];
  if (error !== undefined) throw new DataError(`a formula cannot be typeset: ${error}`);
  // Long formulas scroll, which must be possible by keyboard too.
  const scrollable = html.replaceAll("<p class='katex-block'>", `<p class="katex-block" tabindex="0">`);
  return { html: scrollable, sections };
}

/** Gives headings their anchors, and returns the page by sections. */
function addAnchors(tokens: readonly Token[]): Section[] {
  const sections: { heading: Heading; text: string }[] = [];
  const used = new Map<string, number>();
  tokens.forEach((token, i) => {
    if (token.type === "heading_open") {
      const text = plainText(tokens[i + 1]!);
      const count = used.get(anchorOf(text)) ?? 0;
      used.set(anchorOf(text), count + 1);
      const id = anchorOf(text) + (count === 0 ? "" : `-${count}`);
      token.attrSet("id", id);
      sections.push({ heading: { level: Number(token.tag.slice(1)), text, id }, text: "" });
      return;
    }
    const section = sections.at(-1);
    if (!section || tokens[i - 1]?.type === "heading_open") return;
    if (token.type === "inline") section.text += ` ${plainText(token)}`;
    if (token.type === "fence") section.text += ` ${token.content}`;
  });
  return sections;
}

function plainText(token: Token): string {
  return (token.children ?? []).map(({ type, content }) => type === "softbreak" ? " " : content).join("");
}

function rewriteLinks(tokens: readonly Token[], resolve: (target: string) => string): void {
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    for (const name of ["href", "src"]) {
      const target = token.attrGet(name);
      if (target !== null) token.attrSet(name, resolve(target));
    }
  }
}
