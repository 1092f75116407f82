import assert from "node:assert/strict";
import { projectFiles, readSource, roomOf, ROOT } from "./source_files.ts";

const MAX_LINES = 600;
const files = projectFiles();
const texts = files.filter((path) =>
  /\.(ts|js|wgsl|json|jsonc|lock|md|csv|html|css|yml|yaml|sh|txt)$|(^|\/)[^.]+$/.test(path)
);

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
