/**
 * Which test files there are, and in which group each of them runs.
 *
 * @module
 */
import { join, relative, resolve } from "node:path";
import { ROOT } from "./process.ts";

/** Test files that run in one process. */
export interface TestGroup {
  readonly name: string;
  readonly files: readonly string[];
  /** Whether the graphics driver may crash while the process exits, see {@linkcode groupFiles}. */
  readonly mayCrashAtExit: boolean;
}

/** Folders whose tests open devices in their own process. */
export const GPU_FOLDERS: readonly string[] = [
  "tests/runtime",
  "tests/shaders",
  "tests/models",
  "tests/training",
  "tests/eval/runs",
  "tests/eval/verify",
];

/** All test files below these paths; a path to a file stands for itself. */
export async function findTestFiles(paths: readonly string[]): Promise<string[]> {
  const files = await Promise.all(paths.map(async (path) => {
    if (!(await Deno.stat(path)).isDirectory) return [path];
    const found: string[] = [];
    for await (const { name, isDirectory } of Deno.readDir(path)) {
      if (isDirectory) found.push(...await findTestFiles([join(path, name)]));
      else if (name.endsWith("_test.ts")) found.push(join(path, name));
    }
    return found;
  }));
  return files.flat().map((file) => file.replaceAll("\\", "/")).sort();
}

/**
 * Groups test files by process. Lavapipe (Mesa 22.3.6) sometimes aborts or segfaults when a process exits that has opened many devices
 * (seen once in some twenty runs), so tests that open devices run in a process of their own, in which that is tolerated.
 */
export function groupFiles(files: readonly string[]): TestGroup[] {
  const onGpu = (file: string) => GPU_FOLDERS.some((folder) => relative(ROOT, resolve(file)).startsWith(`${folder}/`));
  return [
    { name: "without a GPU", files: files.filter((file) => !onGpu(file)), mayCrashAtExit: false },
    { name: "on the GPU", files: files.filter(onGpu), mayCrashAtExit: true },
  ].filter(({ files }) => files.length > 0);
}

/** Files that `--fast` leaves out, and folders, with a slash at the end: each takes over three seconds. */
const SLOW: readonly string[] = [];

/** Whether `--fast` leaves out a test file. */
export function isSlow(file: string): boolean {
  return SLOW.some((slow) => slow.endsWith("/") ? file.startsWith(slow) : file === slow);
}
