import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BROWSER_PROGRAMS } from "../../cli/setup/find_browser.ts";
import { readSource, ROOT } from "./source_files.ts";

interface Task {
  readonly command: string;
  readonly description?: string;
}

/** A permission set, granted by `-P=NAME`. */
type PermissionSet = Readonly<Record<string, readonly string[]>>;

const config = JSON.parse(readSource("deno.json")) as {
  tasks: Record<string, string | Task>;
  permissions: Record<string, PermissionSet>;
  lock: unknown;
};
const commands = Object.entries(config.tasks).map(([name, task]) => ({
  name,
  command: typeof task === "string" ? task : task.command,
}));

/** The `deno run` invocations of a command, each with its flags and file. */
function runs(command: string): { flags: string; file: string }[] {
  return command.split("&&").filter((part) => /\bdeno run\b/.test(part)).map((part) => {
    const file = /\s([\w/]+\.ts)\b/.exec(part)?.[1];
    assert.ok(file !== undefined, `no file in ${part}`);
    return { flags: part.slice(0, part.indexOf(file)), file };
  });
}

Deno.test("every task's file exists", () => {
  const missing = commands.flatMap(({ command }) => runs(command)).filter(({ file }) => !existsSync(join(ROOT, file)));
  assert.deepEqual(missing, []);
});

Deno.test("no task has all permissions or network access, and one calls foreign functions, those of MPI", () => {
  for (const { name, command } of commands) {
    const ffi = /--allow-ffi(?:=(\S+))?/.exec(command);
    if (name === "train:mpi") {
      for (const path of ffi![1]!.split(",")) assert.match(path, /\/libmpi(ch)?\.so[.0-9]*$/);
    } else assert.equal(ffi, null, name);
    assert.doesNotMatch(command, /\s-A\b|--allow-all|--allow-net|--allow-import|--unstable/, name);
    for (const { flags } of runs(command)) assert.match(flags, /--no-prompt/, `${name} may ask for permissions`);
  }
  for (const [name, permissions] of Object.entries(config.permissions)) {
    const kinds = Object.keys(permissions).filter((kind) => !["read", "sys", "env", "run"].includes(kind));
    assert.deepEqual(kinds, [], `the permission set ${name}`);
    for (const [kind, values] of Object.entries(permissions)) {
      assert.ok(Array.isArray(values), `${name} gives all of ${kind}`);
    }
  }
});

Deno.test("tasks use existing permission sets, with --quiet", () => {
  for (const { name, command } of commands) {
    for (const { flags } of runs(command)) {
      const set = /\s-P=(\w+)/.exec(flags)?.[1];
      if (set === undefined) continue;
      assert.ok(Object.hasOwn(config.permissions, set), `${name} names the permission set ${set}`);
      // Without --quiet, Deno prints a warning that permission sets are experimental.
      assert.match(flags, /--quiet/, name);
    }
  }
});

Deno.test("only set-up, tests, the bundlers, benchmarks and tasks for Slurm may start programs", () => {
  const runners = commands.flatMap(({ command }) => runs(command)).filter(({ flags }) =>
    /--allow-run|-P=setup/.test(flags)
  );
  for (const set of ["terminal", "graphics"]) assert.ok(!Object.hasOwn(config.permissions[set]!, "run"), set);
  assert.deepEqual([...new Set(runners.map(({ file }) => file))].sort(), [
    "bench/main.ts",
    "cli/experiment.ts",
    "cli/prepare.ts",
    "cli/runs.ts",
    "cli/setup.ts",
    "docs/build/main.ts",
    "npm/build.ts",
    "page/build_client.ts",
    "tests/run.ts",
  ]);
  assert.deepEqual(config.permissions.setup!.run, ["/usr/bin/apt-get", "/usr/bin/sudo", ...BROWSER_PROGRAMS]);
  const bench = runners.find(({ file }) => file === "bench/main.ts")!;
  assert.match(bench.flags, /--allow-run=deno /);
  const mayRun = (name: string) =>
    /--allow-run(?:=(\S+))?/.exec(commands.find((task) => task.name === name)!.command)?.[1];
  assert.equal(mayRun("experiment"), undefined);
  assert.equal(mayRun("experiment:submit"), "sbatch,squeue,scontrol");
  assert.equal(mayRun("prepare"), undefined);
  assert.equal(mayRun("prepare:submit"), "sbatch");
  assert.equal(mayRun("runs"), "squeue");
});

Deno.test("after set-up, no task downloads anything", () => {
  for (const { name, command } of commands) {
    for (const { flags, file } of runs(command)) {
      // Set-up imports no packages, so that it does not need downloads to start.
      if (file !== "cli/setup.ts") assert.match(flags, /--cached-only/, name);
    }
  }
});

Deno.test("the lock file is frozen", () => {
  assert.deepEqual(config.lock, { path: "./deno.lock", frozen: true });
  assert.doesNotMatch(readSource("deno.lock"), /https?:/);
});
