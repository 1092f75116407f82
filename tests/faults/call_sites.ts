/**
 * Groups file operations by where they come from: calls of one operation, on one kind of path, from one place in the
 * project fail alike.
 *
 * @module
 */
import { ROOT } from "../process.ts";

/** Frames of tests depend on which test it is. */
const TESTS = `${ROOT}/tests/`;
/** Frames of the project that tell places apart. */
const FRAMES = 5;

/** The site of the operation that is about to take place: its kind, its kind of path, and the project's stack. */
export function callSite({ kind, path }: { readonly kind: string; readonly path: string }, folder: string): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const stack = new Error().stack ?? "";
  Error.stackTraceLimit = limit;
  const frames = [...stack.matchAll(/file:\/\/(\/\S+?\.ts)(?:\?\S*?)?:(\d+):\d+/g)]
    .filter(([, file]) => file!.startsWith(`${ROOT}/`) && !file!.startsWith(TESTS))
    .map(([, file, line]) => `${file!.slice(ROOT.length + 1)}:${line}`);
  return [kind, pathKind(path, folder), ...frames.slice(0, FRAMES)].join(" ");
}

/** A path without the numbers, hashes and temporary names in it. */
export function pathKind(path: string, folder: string): string {
  const inside = path.startsWith(folder) ? path.slice(folder.length + 1) : path;
  return inside.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "*")
    .replaceAll(/[0-9a-f]{8,}/g, "*")
    .replaceAll(/\d+/g, "*");
}

/** A call to try: the nth of its site. */
export interface SiteCall {
  readonly site: string;
  readonly occurrence: number;
}

/** The first, a middle and the last call of every site: all first calls come first. */
export function chosenCalls(sites: readonly string[]): SiteCall[] {
  const counts = new Map<string, number>();
  for (const site of sites) counts.set(site, (counts.get(site) ?? 0) + 1);
  const rounds: readonly ((count: number) => number)[] = [() => 1, (count) => count, (count) => (count + 1) >> 1];
  const chosen: SiteCall[] = [];
  for (const [round, at] of rounds.entries()) {
    for (const [site, count] of counts) {
      const occurrence = at(count);
      if (rounds.slice(0, round).every((earlier) => earlier(count) !== occurrence)) chosen.push({ site, occurrence });
    }
  }
  return chosen;
}
