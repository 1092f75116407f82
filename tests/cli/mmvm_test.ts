import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../../cli/commands/commands.ts";
import { type Ended, ROOT, runDeno, runProcess, taskCommand } from "../process.ts";

/** The words of the README's `deno install` command after `deno`. */
function installCommand(): string[] {
  const readme = Deno.readTextFileSync(join(ROOT, "README.md"));
  const [, words] = /^deno (install --global [^`]*?)$/m.exec(readme.replaceAll("\\\n", " ")) ?? [];
  assert.ok(words !== undefined, "README.md has no deno install command");
  return words.trim().split(/\s+/);
}

/** The permissions of a command of `deno run`, permission sets aside. */
function permissions(words: readonly string[]): string[] {
  return words.filter((word) => word.startsWith("--allow-") && !word.startsWith("--allow-run=squeue"));
}

Deno.test("the README's command installs mmvm, which runs anywhere with the permissions of the tasks", async () => {
  const root = await Deno.makeTempDir({ prefix: "mmvm_install_" });
  const env = {
    DENO_INSTALL_ROOT: root,
    PATH: `${join(Deno.execPath(), "..")}:${Deno.env.get("PATH")}`,
    XDG_RUNTIME_DIR: null,
  };
  const mmvm = (...args: string[]): Promise<Ended> => runProcess([join(root, "bin/mmvm"), ...args], { cwd: root, env });
  try {
    const installed = await runDeno(installCommand(), { env });
    assert.equal(installed.code, 0, installed.stderr);
    const help = await mmvm();
    assert.match(help.stdout, /^Usage: mmvm COMMAND \[options\].*\n\nStart here\n {2}train +Train, evaluate/);
    assert.equal(help.stderr, "");
    const drawn = await mmvm("phantoms", "--out", "drawn", "--studies", "3");
    assert.equal(drawn.code, 0, drawn.stderr);
    assert.ok(existsSync(join(root, "drawn/mimic-cxr-2.0.0-metadata.csv.gz")));
    assert.match((await mmvm("data", "drawn")).stdout, new RegExp(`^phantoms: ${join(root, "drawn")}\n`));
    const usage = await mmvm("train", "--metod", "mmvm");
    assert.equal(usage.code, 2);
    assert.match(usage.stderr, /^error: unknown option '--metod'.*`mmvm train --help` lists the options\n$/);
    assert.match((await mmvm("help", "evaluate")).stdout, /^Usage: mmvm evaluate \[options\] \[RUN\]/);
    const missing = await mmvm("report", "none");
    assert.match(missing.stderr, /^error: .*`mmvm evaluate none` writes it\n$/);
    assert.match((await mmvm("setup")).stderr, /^error: setup is only a task: run `deno task setup` in a checkout/);
    assert.match((await mmvm("trian")).stderr, /^error: there is no command "trian"; `mmvm --help` lists/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("mmvm has every task of cli/ that needs no further permission than the README's command grants", () => {
  const granted = permissions(installCommand());
  const covers = (wanted: string) => {
    const [flag, list] = wanted.split("=");
    return granted.some((each) =>
      each === flag || (each.startsWith(`${flag}=`) && list !== undefined &&
        list.split(",").every((item) => each.split("=")[1]!.split(",").includes(item)))
    );
  };
  const { tasks, permissions: sets } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json"))) as {
    tasks: Record<string, { command: string }>;
    permissions: Record<string, { env?: string[] }>;
  };
  const possible = Object.entries(tasks).filter(([name, { command }]) => {
    if (!/ cli\/[a-z_]+\.ts$/.test(command) || /-P=(setup|cluster)/.test(command)) return false;
    const words = taskCommand(name);
    const set = sets[/-P=(\w+)/.exec(command)![1]!]!;
    return [...permissions(words), `--allow-env=${set.env!.join(",")}`].every(covers);
  });
  assert.deepEqual(
    Object.keys(COMMANDS),
    possible.map(([name]) => name).filter((name) => !["help", "completions"].includes(name)),
  );
});
