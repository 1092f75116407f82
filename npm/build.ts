/**
 * `deno task build:npm`: the engine and the trainer as an npm package, in `cache/npm/package`, and its tarball.
 *
 * `deno pack` writes the declarations, from the same analysis that `deno publish` does. Node and browsers cannot import
 * text files, so esbuild bundles the modules with their WGSL. The package has no dependencies.
 *
 * @module
 */
import { build, stop } from "esbuild";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = join(ROOT, "cache", "npm", "package");

/** The exports of the npm package and their entry points. */
const ENTRIES = { engine: "runtime/mod.ts", models: "models/mod.ts" } as const;

async function main(): Promise<void> {
  const { version, license, compilerOptions } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  await Deno.remove(OUT, { recursive: true }).catch(ignoreMissing);
  await Deno.mkdir(OUT, { recursive: true });
  await writeDeclarations({ version, license, compilerOptions });
  await bundle();
  const manifest = {
    name: "mmvm",
    version,
    license,
    description: "A tensor engine on WebGPU, with reverse-mode autodiff and a trainer",
    type: "module",
    sideEffects: false,
    exports: {
      ".": { types: `./${declarationOf(ENTRIES.engine)}`, default: "./engine.js" },
      "./models": { types: `./${declarationOf(ENTRIES.models)}`, default: "./models.js" },
    },
  };
  await Deno.writeTextFile(join(OUT, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await Deno.copyFile(join(ROOT, "LICENSE"), join(OUT, "LICENSE"));
  await run("npm", ["pack", "--silent", "--pack-destination", dirname(OUT), OUT], ROOT);
  console.log(`cache/npm/mmvm-${version}.tgz`);
}

/** Packs the sources with Deno, and keeps the declarations. */
async function writeDeclarations(settings: Record<string, unknown>): Promise<void> {
  const work = await Deno.makeTempDir({ prefix: "mmvm_npm_" });
  try {
    await copySources(work);
    await Deno.copyFile(join(ROOT, "LICENSE"), join(work, "LICENSE"));
    const exports = { ".": `./${ENTRIES.engine}`, "./models": `./${ENTRIES.models}` };
    const config = { name: "@mmvm/npm", ...settings, exports };
    await Deno.writeTextFile(join(work, "deno.json"), JSON.stringify(config));
    await run(Deno.execPath(), ["pack", "--quiet", "--no-source-maps", "--output", "declarations.tgz"], work);
    await run("tar", ["-xzf", "declarations.tgz"], work);
    for await (const path of filesOf(join(work, "package"))) {
      if (!path.endsWith(".d.ts")) continue;
      await Deno.mkdir(dirname(join(OUT, path)), { recursive: true });
      await Deno.copyFile(join(work, "package", path), join(OUT, path));
    }
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Copies the modules that the entry points import, types included, and all WGSL. */
async function copySources(to: string): Promise<void> {
  const shaders: string[] = [];
  for await (const path of filesOf(join(ROOT, "shaders"))) shaders.push(join("shaders", path));
  const modules = (await Promise.all(Object.values(ENTRIES).map(modulesOf))).flat();
  for (const path of new Set([...shaders, ...modules])) {
    await Deno.mkdir(dirname(join(to, path)), { recursive: true });
    await Deno.copyFile(join(ROOT, path), join(to, path));
  }
}

/** Paths of the project's modules that one imports, itself included. */
async function modulesOf(entry: string): Promise<string[]> {
  const { modules } = JSON.parse(await run(Deno.execPath(), ["info", "--json", entry], ROOT)) as {
    modules: { specifier: string }[];
  };
  return modules.flatMap(({ specifier }) => {
    const path = specifier.startsWith("file:") ? relative(ROOT, fileURLToPath(specifier)) : "..";
    return path.startsWith("..") || path.startsWith("node_modules") ? [] : [path];
  });
}

/** Bundles both entry points; what they share goes into a file of its own. */
async function bundle(): Promise<void> {
  try {
    await build({
      absWorkingDir: ROOT,
      entryPoints: ENTRIES,
      outdir: OUT,
      bundle: true,
      splitting: true,
      chunkNames: "shared-[hash]",
      format: "esm",
      target: "es2022",
      loader: { ".wgsl": "text" },
      legalComments: "none",
      logLevel: "warning",
    });
  } finally {
    await stop();
  }
}

/** Paths of all files in a folder, relative to it. */
async function* filesOf(folder: string, inside = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(folder, inside))) {
    const path = join(inside, name);
    if (isDirectory) yield* filesOf(folder, path);
    else yield path;
  }
}

async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], cwd }).output();
  if (!success) throw new Error(`${program} ${args[0]} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

function declarationOf(path: string): string {
  return path.replace(/\.ts$/, ".d.ts");
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

if (import.meta.main) await main();
