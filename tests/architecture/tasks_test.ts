import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readSource, ROOT } from "./source_files.ts";

interface Task {
  readonly command: string;
  readonly description?: string;
}

const config = JSON.parse(readSource("deno.json")) as { tasks: Record<string, string | Task>; lock: unknown };
const commands = Object.entries(config.tasks).map(([name, task]) => ({
  name,
  command: typeof task === "string" ? task : task.command,
}));

/** The `deno run`s of a command, each with its flags and its file. */
function runs(command: string): { flags: string; file: string }[] {
  return command.split("&&").filter((part) => /\bdeno run\b/.test(part)).map((part) => {
    const file = /\s([\w/]+\.ts)\b/.exec(part)?.[1];
    assert.ok(file !== undefined, `no file in ${part}`);
    return { flags: part.slice(0, part.indexOf(file)), file };
  });
}

Deno.test("every task's file is there", () => {
  const missing = commands.flatMap(({ command }) => runs(command)).filter(({ file }) => !existsSync(join(ROOT, file)));
  assert.deepEqual(missing, []);
});

Deno.test("no task has all permissions, native code or the network", () => {
  for (const { name, command } of commands) {
    assert.doesNotMatch(command, /\s-A\b|--allow-all|--allow-ffi|--allow-net|--allow-import|--unstable/, name);
    for (const { flags } of runs(command)) assert.match(flags, /--no-prompt/, `${name} may ask for permissions`);
  }
});

Deno.test("only set-up, the tests, the bundler and the benchmarks start programs, set-up and benchmarks only those they name", () => {
  const runners = commands.flatMap(({ command }) => runs(command)).filter(({ flags }) => flags.includes("--allow-run"));
  assert.deepEqual([...new Set(runners.map(({ file }) => file))].sort(), [
    "bench/main.ts",
    "cli/setup.ts",
    "tests/run.ts",
    "viz/report/build_client.ts",
  ]);
  const setup = runners.find(({ file }) => file === "cli/setup.ts")!;
  assert.match(setup.flags, /--allow-run=\/usr\/bin\/apt-get,\/usr\/bin\/sudo,\/usr\/bin\/chromium,/);
  const bench = runners.find(({ file }) => file === "bench/main.ts")!;
  assert.match(bench.flags, /--allow-run=deno /);
});

Deno.test("after set-up, no task downloads anything", () => {
  for (const { name, command } of commands) {
    for (const { flags, file } of runs(command)) {
      // Set-up imports no package, so that there is nothing to download.
      if (file !== "cli/setup.ts") assert.match(flags, /--cached-only/, name);
    }
  }
});

Deno.test("the lock file is frozen", () => {
  assert.deepEqual(config.lock, { path: "./deno.lock", frozen: true });
  assert.doesNotMatch(readSource("deno.lock"), /https?:/);
});
