import assert from "node:assert/strict";
import { runDeno } from "../process.ts";
import { readImports } from "./module_graph.ts";
import { projectFiles, readSource } from "./source_files.ts";

const { exports } = JSON.parse(readSource("deno.json")) as { exports: Readonly<Record<string, string>> };
const entries = Object.entries(exports).map(([name, path]) => [name, path.slice("./".length)] as const);
const sources = projectFiles().filter((path) => path.endsWith(".ts"));
const imports = Map.groupBy(await readImports(sources), ({ from }) => from);

/** All that a module imports, directly or not, its workers and shaders included. */
function closureOf(entry: string): string[] {
  const reached = new Set([entry]);
  for (const file of reached) {
    for (const { to } of imports.get(file) ?? []) reached.add(to);
  }
  return [...reached];
}

/** Names of the packages among the modules, without versions. */
function packagesOf(modules: readonly string[]): string[] {
  const names = modules.flatMap((module) => /^npm:\/?(@?[^@]+)@/.exec(module)?.[1] ?? []);
  return [...new Set(names)].sort();
}

const DATA = ["@cornerstonejs/codec-libjpeg-turbo-8bit", "@cornerstonejs/codec-openjpeg", "saxes", "zod"];

const TRAINING = ["@bufbuild/protobuf", ...DATA];

/** The packages that come with each export. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  ".": [...TRAINING, "umap-js"].sort(),
  "./runtime": [],
  "./models": [],
  "./data": DATA,
  "./phantoms": ["zod"],
  "./training": TRAINING,
  "./eval": [...TRAINING, "umap-js"].sort(),
  "./experiments": [...TRAINING, "umap-js"].sort(),
  "./viz": ["d3-array", "d3-format", "d3-scale", "d3-shape", "linkedom"],
};

Deno.test("each export brings only the packages that it needs", () => {
  const found = Object.fromEntries(entries.map(([name, path]) => [name, packagesOf(closureOf(path))]));
  assert.deepEqual(found, PACKAGES);
});

/** What runs in a browser too: the engine, the models, the path of an image to prepared bytes, phantoms, the page. */
const PORTABLE = [
  ...["./runtime", "./models"].map((name) => exports[name]!.slice("./".length)),
  "data/image/decode_image.ts",
  "data/image/preprocess.ts",
  "phantoms/draw.ts",
  "phantoms/patients.ts",
  "page/client/main.ts",
];

Deno.test("what runs in a browser imports nothing that a browser lacks", () => {
  for (const name of PORTABLE) {
    const modules = closureOf(name);
    assert.ok(modules.length > 3, `${name} has ${modules.length} modules`);
    assert.deepEqual(modules.filter((module) => module.startsWith("node:")), [], name);
    const deno = modules.filter((path) => path.endsWith(".ts") && /\bDeno\.\w/.test(withoutComments(readSource(path))));
    assert.deepEqual(deno, [], name);
  }
});

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, "");
}

Deno.test("every public symbol is documented, and the types in signatures are public", async () => {
  const { code, stdout, stderr } = await runDeno(["doc", "--lint", ...entries.map(([, path]) => path)]);
  assert.equal(code, 0, stdout + stderr);
});
