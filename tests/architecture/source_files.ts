/**
 * The project's own files, and the rooms they belong to.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { outputOf, ROOT } from "../process.ts";

export { ROOT };

/** The rooms: top-level folders of the product. */
export const ROOMS = [
  "base",
  "shaders",
  "runtime",
  "models",
  "data",
  "phantoms",
  "training",
  "eval",
  "experiments",
  "viz",
  "page",
  "cluster",
  "cli",
] as const;
export type Room = (typeof ROOMS)[number];

/** Folders that are not part of the project's sources. */
const EXCLUDED = new Set([".git", "node_modules", "runs", "cache", "coverage", "bench/results", "docs/site"]);

/**
 * Paths of all of the project's own files, relative to its root and separated by `/`: in a repository those that git
 * tracks or would add, elsewhere (an unpacked archive) all but the folders that tasks write.
 */
export function projectFiles(): string[] {
  return (gitFiles() ?? foundFiles()).filter((path) => !path.includes("node_modules/")).sort();
}

/** `undefined` where git does not know the folder. */
function gitFiles(): string[] | undefined {
  if (!existsSync(join(ROOT, ".git"))) return undefined;
  // In CI everything is committed; what else lies there was left by a program that crashed.
  const uncommitted = Deno.env.get("CI") === "true" ? [] : ["--others", "--exclude-standard"];
  const listed = outputOf(["git", "-C", ROOT, "ls-files", "-z", "--cached", ...uncommitted]);
  if (listed === undefined) return undefined;
  const paths = listed.split("\0").filter((path) => path !== "");
  return [...new Set(paths)].filter((path) => existsSync(join(ROOT, path)));
}

function foundFiles(): string[] {
  const files: string[] = [];
  const visit = (folder: string) => {
    for (const entry of Deno.readDirSync(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory) {
        if (!EXCLUDED.has(relative(ROOT, path).replaceAll("\\", "/"))) visit(path);
      } else if (entry.isFile) {
        files.push(relative(ROOT, path).replaceAll("\\", "/"));
      }
    }
  };
  visit(ROOT);
  return files;
}

/** The room of a file; `undefined` for tests, benchmarks and top-level files. */
export function roomOf(path: string): Room | undefined {
  return ROOMS.find((room) => path.startsWith(`${room}/`));
}

/** Reads a project file as text. */
export function readSource(path: string): string {
  return Deno.readTextFileSync(join(ROOT, path));
}
