import assert from "node:assert/strict";
import { basename } from "node:path";
import { projectFiles, readSource, roomOf, ROOT } from "./source_files.ts";

const MAX_LINES = 600;
const files = projectFiles();
const sources = files.filter((path) => path.endsWith(".ts"));
const texts = files.filter((path) =>
  /\.(ts|js|wgsl|json|jsonc|lock|md|csv|html|css|yml|yaml|sh|txt)$|(^|\/)[^.]+$/.test(path)
);

/** TypeScript without its comments, lines kept. Rough, and enough to search code. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*.*?\*\//gs, (comment) => comment.replaceAll(/[^\n]/g, " "))
    .replaceAll(/(^|[\s;{}(),])\/\/[^\n]*/g, "$1");
}

/** `FILE:LINE: TEXT` of every line that a pattern matches. */
function linesThatMatch(path: string, text: string, pattern: RegExp): string[] {
  return text.split("\n").flatMap((line, index) => pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []);
}

Deno.test(`no source file of the product has over ${MAX_LINES} lines`, () => {
  const long = files.filter((path) => roomOf(path) !== undefined && /\.(ts|wgsl)$/.test(path))
    .map((path) => ({ path, lines: readSource(path).split("\n").length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES);
  assert.deepEqual(long, []);
});

Deno.test("files are called in snake case", () => {
  const odd = sources.filter((path) => !/^[a-z0-9_]+(\.d)?\.ts$/.test(basename(path)));
  assert.deepEqual(odd, []);
});

Deno.test("nothing steps around the type checker", () => {
  const pattern =
    /(:|\bas|<|,|\||&|=)\s*any\b(?!\s+[a-z])|\bany\[\]|@ts-(ignore|nocheck|expect-error)|lint-ignore(-file)?\s+no-explicit-any/;
  const found = sources.filter((path) => path !== "tests/architecture/hygiene_test.ts").flatMap((path) => {
    const text = readSource(path);
    const suppressed = linesThatMatch(path, text, /@ts-(ignore|nocheck|expect-error)|lint-ignore.*no-explicit-any/);
    return [...suppressed, ...linesThatMatch(path, withoutComments(text), pattern)];
  });
  assert.deepEqual(found, []);
});

Deno.test("no test is left out or left alone for good", () => {
  const pattern = /\bDeno\.test\.(only|ignore)\b|\bonly: true\b/;
  const found = sources.filter((path) => path.startsWith("tests/") && path !== "tests/architecture/hygiene_test.ts")
    .flatMap((path) => linesThatMatch(path, withoutComments(readSource(path)), pattern));
  assert.deepEqual(found, []);
});

Deno.test("nothing names the place it was made in", () => {
  const checkout = ROOT.split("/").length > 2 ? [ROOT.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")] : [];
  // Homes and workspaces of a machine, and hosts of package mirrors, are nothing to those who clone the project.
  const homes = ["home", "root", "work", "Users", "workspace"].map((name) => `(?<![\\w.~*-])/${name}/[\\w.-]+`);
  const hosts = ["registry", "mirror", "proxy", "artifactory", "nexus"].map((name) =>
    `\\b${name}\\.[a-z0-9-]+\\.[a-z]{2,}\\b`
  );
  const pattern = new RegExp([...checkout, ...homes, ...hosts].join("|"), "i");
  const found = texts.flatMap((path) => linesThatMatch(path, readSource(path), pattern));
  assert.deepEqual(found, []);
});
