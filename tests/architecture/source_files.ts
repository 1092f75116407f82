import { join, relative } from "node:path";
import { ROOT } from "../process.ts";

export { ROOT };

/** The rooms of the product. */
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
  "cli",
] as const;
export type Room = (typeof ROOMS)[number];

/** What the project's files do not include: other people's, and what running it makes. */
const NOT_OURS = new Set([".git", "node_modules", "runs", "cache", "coverage"]);

/** Paths of all of the project's own files, relative to its folder, with `/` between the parts. */
export function projectFiles(): string[] {
  const files: string[] = [];
  const visit = (folder: string) => {
    for (const entry of Deno.readDirSync(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory) {
        if (folder !== ROOT || !NOT_OURS.has(entry.name)) visit(path);
      } else if (entry.isFile) {
        files.push(relative(ROOT, path).replaceAll("\\", "/"));
      }
    }
  };
  visit(ROOT);
  return files.filter((path) => !path.includes("node_modules/")).sort();
}

/** The room that a file is in; `undefined` for tests, benchmarks and the files at the top. */
export function roomOf(path: string): Room | undefined {
  return ROOMS.find((room) => path.startsWith(`${room}/`));
}

/** The text of a project file. */
export function readSource(path: string): string {
  return Deno.readTextFileSync(join(ROOT, path));
}
