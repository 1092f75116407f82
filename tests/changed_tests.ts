/**
 * Chooses the tests that a change may affect, for `deno task ok`.
 *
 * @module
 */
import { join } from "node:path";
import { type Import, readImports } from "./architecture/module_graph.ts";
import { projectFiles, readSource } from "./architecture/source_files.ts";
import { ROOT, runProcess, succeeds } from "./process.ts";

/** Tests of the whole project, which any change may affect. */
const ALWAYS = "tests/architecture/";

/** Lines that git prints; `undefined` if it fails. */
async function git(...args: readonly string[]): Promise<string[] | undefined> {
  const { code, stdout } = await runProcess(["git", ...args]);
  return code === 0 ? stdout.split("\n").filter((line) => line !== "") : undefined;
}

/**
 * The files that differ from the main branch, committed or not; `undefined` where git cannot say, such as outside of a
 * repository.
 */
export async function changedFiles(): Promise<string[] | undefined> {
  if (!succeeds(["git", "--version"])) return undefined;
  const base = (await git("merge-base", "HEAD", "origin/main")) ?? (await git("merge-base", "HEAD", "main")) ??
    ["HEAD"];
  const tracked = await git("diff", "--name-only", base[0]!);
  const untracked = await git("ls-files", "--others", "--exclude-standard");
  return tracked && untracked ? [...tracked, ...untracked] : undefined;
}

/** The test files that reach a changed file by imports, and those that are always run. */
export function affectedTests(
  changed: readonly string[],
  { imports, files }: { imports: readonly Import[]; files: readonly string[] },
): string[] {
  const importers = new Map<string, string[]>();
  for (const { from, to } of imports) importers.set(to, [...importers.get(to) ?? [], from]);
  const reached = new Set(changed);
  for (const file of reached) {
    for (const from of importers.get(file) ?? []) reached.add(from);
  }
  return files.filter((file) => file.endsWith("_test.ts") && (reached.has(file) || file.startsWith(ALWAYS)));
}

/**
 * What tests run without importing it: files that they name, such as `"cli/train.ts"`, and the files of tasks that they
 * start by `runTask(["prepare", ...])`.
 *
 * @param commands The command of each task.
 */
export function namedFiles(text: string, commands: Readonly<Record<string, string>>): string[] {
  const named = [...text.matchAll(/"([\w/]+\.(?:ts|md|json|css))"/g)].map(([, path]) => path!);
  const tasks = [...text.matchAll(/runTask\(\s*\[\s*"([\w:]+)"/g)].map(([, name]) => commands[name!] ?? "");
  return [...named, ...tasks.flatMap((command) => /\s([\w/]+\.ts)\b/.exec(command)?.[1] ?? [])];
}

/** The test files, from the project's root, that may depend on these files. */
export async function testsOf(changed: readonly string[]): Promise<string[]> {
  const files = projectFiles();
  const sources = files.filter((file) => file.endsWith(".ts"));
  const { tasks } = JSON.parse(readSource("deno.json")) as { tasks: Record<string, { command: string }> };
  const commands = Object.fromEntries(Object.entries(tasks).map(([name, { command }]) => [name, command]));
  const known = new Set(files);
  const named = sources.filter((file) => file.startsWith("tests/")).flatMap((from) =>
    namedFiles(readSource(from), commands).filter((to) => known.has(to)).map((to) => ({ from, to }))
  );
  return affectedTests(changed, { imports: [...await readImports(sources), ...named], files })
    .map((file) => join(ROOT, file));
}
