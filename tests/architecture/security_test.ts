import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { LAUNCHER_VARIABLES } from "../../cluster/mpi/mod.ts";
import { readSource, ROOT } from "./source_files.ts";

const config = JSON.parse(readSource("deno.json")) as {
  readonly tasks: Readonly<Record<string, { readonly command: string }>>;
  readonly permissions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
};
const manifest = JSON.parse(readSource("package.json")) as Record<string, Record<string, string>>;
const direct = { ...manifest.dependencies, ...manifest.devDependencies };

/** The cells of a page's table rows whose first cell matches, without headings and rules. */
function rows(page: string, first: RegExp): string[][] {
  return readSource(page).split("\n").filter((line) => line.startsWith("| "))
    .map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()))
    .filter(([cell = ""]) => first.test(cell));
}

/** A task's permissions in the notation of the table. */
function permissionsOf(command: string): string {
  const cells = [...command.matchAll(/\s(?:-P=(\w+)|--allow-([a-z]+)(?:=(\S+))?)/g)].map(([, set, kind, value]) => {
    if (set !== undefined) return set;
    return value === undefined ? kind! : `${kind}=${value}`;
  });
  return cells.map((cell) => `\`${cell}\``).join(" ");
}

Deno.test("SECURITY.md lists every task's permissions with a reason", () => {
  const listed = new Map(rows("SECURITY.md", /^`[a-z:-]+`$/).map(([task, ...cells]) => [task!.slice(1, -1), cells]));
  const running = Object.entries(config.tasks).filter(([, { command }]) => command.includes("deno run"));
  assert.deepEqual([...listed.keys()].sort(), running.map(([name]) => name).sort());
  for (const [name, { command }] of running) {
    const [permissions, why = ""] = listed.get(name)!;
    // Set-up's permission to start programs is explained in a separate paragraph.
    if (name !== "setup") assert.equal(permissions, permissionsOf(command), name);
    assert.ok(why.length > 10, `${name} has no reason`);
  }
});

Deno.test("SECURITY.md lists the permission sets of deno.json", () => {
  const page = readSource("SECURITY.md");
  const { terminal, graphics, cluster, setup, ...others } = config.permissions;
  for (const set of [terminal, graphics, cluster]) assert.deepEqual(Object.keys(set!), ["env"]);
  assert.deepEqual(others, {});
  assert.deepEqual(cluster!.env, [...graphics!.env!, ...LAUNCHER_VARIABLES, "MPI_HOME"]);
  assert.deepEqual(graphics!.env!.filter((name) => !terminal!.env!.includes(name)), [
    "XDG_RUNTIME_DIR",
    "DENO_WEBGPU_BACKEND",
  ]);
  const names = [...terminal!.env!, ...graphics!.env!, ...setup!.read!, ...setup!.sys!, ...setup!.run!.slice(0, 2)];
  assert.deepEqual(names.filter((name) => !page.includes(name.split("/").at(-1)!)), []);
});

Deno.test("the tests named in SECURITY.md exist", () => {
  const links = [...readSource("SECURITY.md").matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path!);
  assert.ok(links.length > 20);
  assert.deepEqual(links.filter((path) => !existsSync(join(ROOT, path))), []);
});

Deno.test("THIRD_PARTY.md lists the packages of package.json with their licences", () => {
  const listed = rows("THIRD_PARTY.md", /^(@[a-z]+\/)?[a-z0-9.-]+$/).filter(([name]) => name !== "package");
  const expected = Object.entries(direct).map(([name, version]) => {
    const { license } = JSON.parse(readSource(join("node_modules", name, "package.json"))) as { license: string };
    return [name, version, license];
  });
  assert.deepEqual(
    listed.filter(([name]) => !/^-+$/.test(name!)).map((cells) => cells.slice(0, 3)).sort(),
    expected.sort(),
  );
});

Deno.test("package.json pins exact versions, and deno.lock has a checksum for every package", () => {
  for (const [name, version] of Object.entries(direct)) assert.match(version, /^\d+\.\d+\.\d+$/, name);
  const lock = JSON.parse(readSource("deno.lock")) as { npm: Record<string, { integrity?: string }> };
  const packages = Object.entries(lock.npm);
  assert.ok(packages.length > Object.keys(direct).length);
  assert.deepEqual(packages.filter(([, { integrity }]) => !integrity?.startsWith("sha512-")).map(([name]) => name), []);
});
