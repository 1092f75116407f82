/** Whatever strings results hold, none of them reaches the report's markup as anything but text. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseHTML } from "linkedom";
import type { Results } from "../../../eval/results/results.ts";
import { resultsSchema } from "../../../eval/results/results_schema.ts";
import { renderReport } from "../../../viz/report/report.ts";
import { experimentFixture, singleRunFixture } from "./fixture.ts";

/** Markup that would show as elements and attributes named `hx`, and characters that end or hide text. */
const FRAGMENTS = [
  "<hx-tag onhx=1>",
  "</hx-tag>",
  "</script><hx-tag>",
  "</style><hx-tag>",
  "</title><hx-tag>",
  "</textarea><hx-tag>",
  "<!--<hx-tag>",
  "-->",
  "]]><hx-tag>",
  '"><hx-tag>',
  '" onhx="1',
  "' onhx='1",
  "&lt;hx-tag&gt;",
  "&#60;hx-tag>",
  "\\u003chx-tag\\u003e",
  "${hx}{{hx}}`",
  "javascript:hx",
  "__proto__",
  "\u202e",
  "\u2066\u200f",
  "\ufeff",
  "\u2028\u2029",
  "\0",
  "\x1b[2J\x07",
  "\x7f\x85\x9b",
  "\r\n\t",
  "\ud800",
  "\udc00x",
  "x".repeat(20_000),
];

const hostile = fc.array(fc.oneof(fc.constantFrom(...FRAGMENTS), fc.string()), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(""));

/** Every string of the results, apart from keys, is replaced; equal ones by equal ones, so that references hold. */
function replaceStrings(value: unknown, replacement: (text: string) => string): unknown {
  if (typeof value === "string") return replacement(value);
  if (Array.isArray(value)) return value.map((item) => replaceStrings(item, replacement));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceStrings(item, replacement)]));
}

/** Results with hostile strings wherever the schema allows them, and the strings that are in them. */
function hostileResults(results: Results, next: () => string): { results: Results; strings: Set<string> } {
  const chosen = new Map<string, string>();
  const kept = new Set<string>();
  const replacement = (text: string): string => {
    if (kept.has(text)) return text;
    // Different strings stay different.
    if (!chosen.has(text)) chosen.set(text, `${chosen.size}${next()}`);
    return chosen.get(text)!;
  };
  for (;;) {
    const parsed = resultsSchema.safeParse(replaceStrings(results, replacement));
    if (parsed.success) return { results: parsed.data, strings: new Set(chosen.values()) };
    const before = kept.size;
    for (const { path } of parsed.error.issues) keepStringsAt(results, { path, kept });
    for (const text of kept) chosen.delete(text);
    assert.ok(kept.size > before, `the schema refuses something else: ${parsed.error.issues[0]!.message}`);
  }
}

/** Keeps the strings at a path of the results. */
function keepStringsAt(root: unknown, { path, kept }: { path: readonly PropertyKey[]; kept: Set<string> }): void {
  const value = path.reduce<unknown>(
    (inside, key) => (inside as Record<PropertyKey, unknown> | undefined)?.[key],
    root,
  );
  replaceStrings(value, (text) => {
    kept.add(text);
    return text;
  });
}

function scriptsOf(html: string): number {
  return [...html.matchAll(/<script[\s>]/gi)].length;
}

for (
  const [name, fixture, runs] of [
    ["a single run", singleRunFixture({ studies: 10 }), 6],
    ["an experiment", experimentFixture({ studies: 10 }), 2],
  ] as const
) {
  Deno.test(`no string in the results of ${name} reaches the report's markup unescaped`, () => {
    const scripts = scriptsOf(renderReport(fixture));
    const replaced = new Set<number>();
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 8, maxLength: 8 }), fc.boolean(), (texts, includeIds) => {
        let count = 0;
        const { results, strings } = hostileResults(fixture, () => texts[count++ % texts.length]!);
        replaced.add(strings.size);
        const html = renderReport(results, { includeIds });
        assert.doesNotMatch(html, /<\/?hx|<!--<hx|<!\[CDATA/i);
        assert.equal(scriptsOf(html), scripts);
        // deno-lint-ignore no-control-regex
        assert.doesNotMatch(html, /[\0-\x08\x0b\x0c\x0e-\x1f]/, "a control character is in the page");
        assert.ok(html.isWellFormed(), "a lone surrogate is in the page");
        const { document } = parseHTML(html) as unknown as { document: Document };
        for (const element of document.querySelectorAll("*")) {
          assert.doesNotMatch(element.localName, /hx/);
          for (const attribute of element.attributes) {
            assert.doesNotMatch(attribute.name, /hx|^on/i);
            if (/^(href|src|action|formaction|xlink:href)$/.test(attribute.name)) {
              assert.doesNotMatch(attribute.value, /^\s*javascript:/i);
            }
          }
        }
      }),
      { numRuns: runs, endOnFailure: true },
    );
    assert.ok(Math.min(...replaced) > 30, `only ${[...replaced].join(", ")} strings could be replaced`);
  });
}
