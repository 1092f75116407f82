/**
 * The project's own files, and the rooms they belong to.
 *
 * @module
 */
import { join, relative } from "node:path";
import { ROOT } from "../process.ts";

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

/** What the kernel leaves of a crashed process, such as a graphics driver: its memory, which names local paths. */
const CORE_DUMP = /^core(\.\d+)?$/;

/** Folders that are not part of the project's sources. */
const EXCLUDED = new Set([".git", "node_modules", "runs", "cache", "coverage", "docs/site"]);

/** Paths of all of the project's own files, relative to its root and separated by `/`. */
export function projectFiles(): string[] {
  const files: string[] = [];
  const visit = (folder: string) => {
    for (const entry of Deno.readDirSync(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory) {
        if (!EXCLUDED.has(relative(ROOT, path).replaceAll("\\", "/"))) visit(path);
      } else if (entry.isFile && !CORE_DUMP.test(entry.name)) {
        files.push(relative(ROOT, path).replaceAll("\\", "/"));
      }
    }
  };
  visit(ROOT);
  return files.filter((path) => !path.includes("node_modules/")).sort();
}

/** The room of a file; `undefined` for tests, benchmarks and top-level files. */
export function roomOf(path: string): Room | undefined {
  return ROOMS.find((room) => path.startsWith(`${room}/`));
}

/** Reads a project file as text. */
export function readSource(path: string): string {
  return Deno.readTextFileSync(join(ROOT, path));
}
