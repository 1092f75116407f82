import assert from "node:assert/strict";
import { anchorOf, renderMarkdown } from "../../docs/build/markdown.ts";

Deno.test("renderMarkdown() gives headings GitHub's anchors, numbered where they repeat", () => {
  const { html, sections } = renderMarkdown("# A `b` & c!\n\n## Same\n\nfirst\n\n## Same\n\nsecond\n");
  assert.deepEqual(sections.map(({ heading }) => heading.id), ["a-b--c", "same", "same-1"]);
  assert.match(html, /<h1 id="a-b--c">A <code>b<\/code> &amp; c!<\/h1>/);
  assert.deepEqual(sections.map(({ text }) => text.trim()), ["", "first", "second"]);
  assert.equal(anchorOf("Grüße, Welt_1-2"), "grüße-welt_1-2");
});

Deno.test("renderMarkdown() typesets formulas, and leaves dollar signs in code and prices alone", () => {
  const { html } = renderMarkdown("$\\frac{1}{2}$ and `$x$` for $5 or $6\n\n$$\n\\sum_m q_m\n$$\n");
  assert.equal(html.match(/<math /g)?.length, 2);
  assert.match(html, /<code>\$x\$<\/code> for \$5 or \$6/);
  assert.doesNotMatch(renderMarkdown("$x$", { math: false }).html, /<math/);
});

Deno.test("renderMarkdown() rejects a formula with an error", () => {
  assert.throws(() => renderMarkdown("$\\unknowncommand$"), /a formula cannot be typeset: .*unknowncommand/);
});

Deno.test("renderMarkdown() shows raw HTML as text and leaves comments out", () => {
  const { html } = renderMarkdown("<script>alert(1)</script>\n\n<!-- hidden -->\n\n`<b>`\n");
  assert.doesNotMatch(html, /<script|hidden|<b>/);
  assert.match(html, /&lt;script&gt;/);
});

Deno.test("renderMarkdown() highlights code of known languages and escapes that of others", () => {
  const { html } = renderMarkdown("```wgsl\nfn f() -> f32 { return 1.0; }\n```\n\n```\na < b\n```\n");
  assert.match(html, /<span class="hljs-keyword">fn<\/span> <span class="hljs-title function_">f<\/span>/);
  assert.match(html, /a &lt; b/);
});

Deno.test("renderMarkdown() passes links and pictures through resolve, but not code", () => {
  const { html } = renderMarkdown("[a](b.md) ![c](d.png) `[e](f)`", { resolve: (target) => `to/${target}` });
  assert.match(html, /<a href="to\/b\.md">a<\/a> <img src="to\/d\.png" alt="c"> <code>\[e\]\(f\)<\/code>/);
});
