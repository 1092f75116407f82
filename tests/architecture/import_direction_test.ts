/**
 * Enforces the import rules of ARCHITECTURE.md.
 *
 * @module
 */
import assert from "node:assert/strict";
import { findCycles, type Import, readImports } from "./module_graph.ts";
import { projectFiles, readSource, type Room, roomOf } from "./source_files.ts";

/** For each room, the other rooms that it may import. */
const ALLOWED_ROOMS: Readonly<Record<Room, readonly Room[]>> = {
  base: [],
  shaders: [],
  runtime: ["base", "shaders"],
  models: ["base", "runtime"],
  data: ["base"],
  phantoms: ["base", "data"],
  training: ["base", "runtime", "models", "data"],
  eval: ["base", "runtime", "models", "data", "training"],
  experiments: ["base", "runtime", "models", "data", "training", "eval"],
  viz: ["base"],
  page: ["base", "runtime", "models", "data", "phantoms", "training", "eval", "viz"],
  cluster: ["base"],
  cli: [
    "base",
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
  ],
};

/** Single files that a room may import from rooms that it may not import otherwise. */
const ALLOWED_FILES: Readonly<Partial<Record<Room, readonly string[]>>> = {
  // The contents of results.json and of the records of evidence are all that viz knows about evaluation.
  viz: [
    "eval/evidence/evidence_record.ts",
    "eval/results/results.ts",
    "eval/results/data_record.ts",
    "eval/results/augmentation_record.ts",
    "eval/results/generative_record.ts",
    "eval/results/interval.ts",
    "eval/results/label_set_record.ts",
    "eval/results/subgroup_record.ts",
  ],
};

/** The arrows of the diagram in ARCHITECTURE.md: solid ones between rooms, and dotted ones for single files. */
function diagramArrows(): { rooms: Import[]; files: Import[] } {
  const diagram = /```mermaid\n([^]*?)```/.exec(readSource("ARCHITECTURE.md"))?.[1] ?? "";
  const arrows = [...diagram.matchAll(/^ +(\w+) (-->|-\. [\w.]+ \.->) (\w+)$/gm)];
  const of = (solid: boolean) =>
    arrows.filter(([, , arrow]) => (arrow === "-->") === solid).map(([, from, , to]) => ({ from: from!, to: to! }));
  return { rooms: of(true), files: of(false) };
}

const PUBLIC_ROOMS: readonly Room[] = ["runtime", "models", "data", "phantoms", "training", "eval", "experiments"];

const sources = projectFiles().filter((path) => path.endsWith(".ts"));
const imports = await readImports(sources);

function isAllowed({ from, to }: Import): boolean {
  const room = roomOf(from);
  const target = roomOf(to);
  if (from === "mod.ts") return target !== undefined && PUBLIC_ROOMS.includes(target);
  if (room === undefined) return true;
  if (target === undefined) return !sources.includes(to);
  return target === room || ALLOWED_ROOMS[room].includes(target) || (ALLOWED_FILES[room]?.includes(to) ?? false);
}

Deno.test("every import is allowed by the rules", () => {
  const found = new Set(imports.map(({ from }) => from));
  assert.ok(found.has("cli/adapter.ts"), "the imports of cli/adapter.ts were not read");
  const wrong = imports.filter((one) => !isAllowed(one)).map(({ from, to }) => `${from} imports ${to}`);
  assert.deepEqual(wrong, []);
});

Deno.test("the diagram in ARCHITECTURE.md matches the rules", () => {
  const { rooms, files } = diagramArrows();
  const reach = (room: string): string[] =>
    rooms.filter(({ from }) => from === room).flatMap(({ to }) => [to, ...reach(to)]);
  for (const [room, open] of Object.entries(ALLOWED_ROOMS)) {
    const drawn = new Set(reach(room));
    assert.deepEqual(open.filter((to) => !drawn.has(to)), [], `${room} may import what the diagram does not show`);
    const direct = rooms.filter(({ from }) => from === room).map(({ to }) => to);
    assert.deepEqual(direct.filter((to) => !open.some((room) => room === to)), [], `${room} has superfluous arrows`);
  }
  const allowed = Object.entries(ALLOWED_FILES).flatMap(([from, to]) => to.map((path) => `${from} ${roomOf(path)}`));
  assert.deepEqual(files.map(({ from, to }) => `${from} ${to}`), [...new Set(allowed)]);
});

Deno.test("there are no import cycles", () => {
  assert.deepEqual(findCycles(imports), []);
});

Deno.test("findCycles() finds cycles of any length", () => {
  const chain = [["a", "b"], ["b", "c"], ["c", "d"]].map(([from, to]) => ({ from: from!, to: to! }));
  assert.deepEqual(findCycles(chain), []);
  assert.deepEqual(findCycles([...chain, { from: "c", to: "a" }]), [["a", "b", "c"]]);
  assert.deepEqual(findCycles([...chain, { from: "d", to: "c" }, { from: "b", to: "a" }]), [["a", "b"], ["c", "d"]]);
});

Deno.test("isAllowed() accepts and rejects the right imports", () => {
  const refused: [string, string][] = [
    ["runtime/a.ts", "models/a.ts"],
    ["models/a.ts", "data/mod.ts"],
    ["data/mod.ts", "runtime/device/device.ts"],
    ["viz/a.ts", "eval/results/tables.ts"],
    ["training/a.ts", "eval/mod.ts"],
    ["data/a.ts", "phantoms/mod.ts"],
    ["base/a.ts", "runtime/mod.ts"],
    ["viz/a.ts", "runtime/device/device.ts"],
    ["viz/a.ts", "page/a.ts"],
    ["page/a.ts", "experiments/mod.ts"],
    ["eval/a.ts", "cli/terminal/errors.ts"],
    ["cli/a.ts", "tests/run.ts"],
    ["mod.ts", "cli/terminal/errors.ts"],
  ];
  for (const [from, to] of refused) assert.ok(!isAllowed({ from, to }), `${from} may import ${to}`);
  const allowed: [string, string][] = [
    ["runtime/a.ts", "shaders/a.wgsl"],
    ["eval/a.ts", "data/mod.ts"],
    ["eval/a.ts", "training/mod.ts"],
    ["phantoms/a.ts", "data/mod.ts"],
    ["viz/a.ts", "eval/results/results.ts"],
    ["cli/a.ts", "viz/a.ts"],
    ["mod.ts", "data/mod.ts"],
    ["tests/a.ts", "cli/terminal/errors.ts"],
    ["data/a.ts", "npm:zod@4.6.7"],
  ];
  for (const [from, to] of allowed) assert.ok(isAllowed({ from, to }), `${from} may not import ${to}`);
});

Deno.test("runtime/ and models/ import no package except zod", () => {
  const packages = imports.filter(({ from, to }) =>
    ["runtime", "models"].includes(roomOf(from) ?? "") && /^npm:(?!zod@)/.test(to)
  );
  assert.deepEqual(packages, []);
});

Deno.test("nothing is imported from a URL", () => {
  const foreign = imports.filter(({ to }) => /^(https?|jsr|data|blob):/.test(to));
  assert.deepEqual(foreign, []);
});

Deno.test("shaders/ contains only WGSL, and every source file is in a room", () => {
  const files = projectFiles();
  assert.deepEqual(files.filter((path) => path.startsWith("shaders/") && !path.endsWith(".wgsl")), []);
  const outside = sources.filter((path) =>
    !/^(tests|bench|examples|notebooks|npm|docs\/build)\//.test(path) && path !== "mod.ts" && !roomOf(path)
  );
  assert.deepEqual(outside, []);
});

Deno.test("every WGSL file is reached from tests/shaders through lowerings only", async () => {
  const files = projectFiles();
  const part = files.filter((path) => /^(runtime\/kernels|tests\/shaders)\/.*\.ts$/.test(path));
  const edges = await readImports(part);
  const reached = new Set(part.filter((path) => path.endsWith("_test.ts")));
  for (const from of reached) {
    for (const { from: file, to } of edges) {
      if (file === from && /^(runtime\/kernels|tests\/shaders|shaders)\//.test(to)) reached.add(to);
    }
  }
  assert.deepEqual(files.filter((path) => path.startsWith("shaders/") && !reached.has(path)), []);
});
