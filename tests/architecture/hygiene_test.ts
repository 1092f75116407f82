import assert from "node:assert/strict";
import { projectFiles, readSource, roomOf, ROOT } from "./source_files.ts";

const MAX_LINES = 600;
const files = projectFiles();
const texts = files.filter((path) =>
  /\.(ts|js|wgsl|json|jsonc|lock|md|csv|html|css|yml|yaml|sh|txt)$|(^|\/)[^.]+$/.test(path)
);

/** `FILE:LINE: TEXT` of every line that matches a pattern. */
function linesThatMatch(path: string, text: string, pattern: RegExp): string[] {
  return text.split("\n").flatMap((line, index) => pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []);
}

Deno.test(`no source file has more than ${MAX_LINES} lines`, () => {
  const long = files.filter((path) => roomOf(path) !== undefined && /\.(ts|wgsl)$/.test(path))
    .map((path) => ({ path, lines: readSource(path).split("\n").length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES);
  assert.deepEqual(long, []);
});

Deno.test("no file names a local path or a package mirror", () => {
  const checkout = ROOT.split("/").length > 2 ? [ROOT.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")] : [];
  // Home folders, workspaces and hosts of package mirrors are specific to one machine.
  const homes = ["home", "root", "work", "Users", "workspace"].map((name) => `(?<![\\w.~*-])/${name}/[\\w.-]+`);
  const hosts = ["registry", "mirror", "proxy", "artifactory", "nexus"].map((name) =>
    `\\b${name}\\.[a-z0-9-]+\\.[a-z]{2,}\\b`
  );
  const pattern = new RegExp([...checkout, ...homes, ...hosts].join("|"), "i");
  const found = texts.flatMap((path) => linesThatMatch(path, readSource(path), pattern));
  assert.deepEqual(found, []);
});
