/**
 * The import graph of the project's modules, as parsed by Deno.
 *
 * @module
 */
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runDeno } from "../process.ts";
import { readSource, ROOT } from "./source_files.ts";

/** An import of a module, or a reference to another file. */
export interface Import {
  /** Path of the importing file, relative to the project. */
  readonly from: string;
  /** Path of the imported file, relative to the project, or the specifier of a package (`npm:zod@4`, `node:path`). */
  readonly to: string;
}

interface ModuleInfo {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string; readonly error?: string };
    readonly type?: { readonly specifier?: string; readonly error?: string };
  }[];
}

/**
 * Reads all imports of the given files with Deno's parser: static, dynamic, type-only and re-exports. References by
 * `new URL("...", import.meta.url)`, such as workers and shaders, count as well.
 */
export async function readImports(files: readonly string[]): Promise<Import[]> {
  const imports: Import[] = [];
  for (const module of await moduleGraph(files)) {
    const from = projectPath(module.specifier);
    if (from === undefined || !files.includes(from)) continue;
    if (module.error !== undefined) throw new Error(`${from}: ${module.error}`);
    for (const { specifier, code, type } of module.dependencies ?? []) {
      const to = code?.specifier ?? type?.specifier;
      if (to === undefined) throw new Error(`${from}: cannot resolve ${specifier}: ${code?.error ?? type?.error}`);
      imports.push({ from, to: projectPath(to) ?? to });
    }
  }
  for (const from of files) {
    for (const to of locatedFiles(from)) imports.push({ from, to });
  }
  return imports;
}

/** The output of `deno info` for a module that imports all of the files. */
async function moduleGraph(files: readonly string[]): Promise<readonly ModuleInfo[]> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const lines = files.map((path) => `import ${JSON.stringify(pathToFileURL(join(ROOT, path)).href)};\n`);
    await Deno.writeTextFile(entry, lines.join(""));
    const { code, stdout, stderr } = await runDeno(["info", "--config", join(ROOT, "deno.json"), "--json", entry]);
    if (code !== 0) throw new Error(stderr);
    return (JSON.parse(stdout) as { modules: ModuleInfo[] }).modules;
  } finally {
    await Deno.remove(entry);
  }
}

/** Files that a module references with `new URL`. */
function locatedFiles(from: string): string[] {
  const found = readSource(from).matchAll(/new URL\(\s*["'`](\.[^"'`$]*)["'`],\s*import\.meta\.url/g);
  const base = pathToFileURL(join(ROOT, from));
  return [...found].map(([, path]) => projectPath(new URL(path!, base).href)).filter((path) => path !== undefined);
}

/** Converts a file URL to a path relative to the project; `undefined` for files outside of it. */
function projectPath(specifier: string): string | undefined {
  if (!specifier.startsWith("file:")) return undefined;
  const path = relative(ROOT, fileURLToPath(specifier)).replaceAll("\\", "/");
  return path.startsWith("../") || path.startsWith("node_modules/") ? undefined : path;
}

/**
 * Finds import cycles: the strongly connected components of more than one file (Tarjan's algorithm), each sorted by
 * name. Type-only imports count, because a reader has to follow them as well.
 */
export function findCycles(imports: readonly Import[]): string[][] {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): number => {
    const number = order.size;
    order.set(file, number);
    lowest.set(file, number);
    stack.push(file);
    for (const { to } of targets.get(file) ?? []) {
      const reached = order.has(to) ? (stack.includes(to) ? order.get(to)! : Infinity) : visit(to);
      lowest.set(file, Math.min(lowest.get(file)!, reached));
    }
    if (lowest.get(file) === number) {
      const circle = stack.splice(stack.indexOf(file));
      if (circle.length > 1) circles.push(circle.sort());
    }
    return lowest.get(file)!;
  };
  for (const file of targets.keys()) if (!order.has(file)) visit(file);
  return circles.sort((a, b) => a[0]!.localeCompare(b[0]!));
}
