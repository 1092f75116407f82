/**
 * `mmvm COMMAND`: the tasks as one program, which `deno install --global` installs (see the README). `runs/` and
 * `cache/` are folders of the current directory.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { COMMANDS, type LoadCommand } from "./commands/commands.ts";
import { formatTasks, TASK_DESCRIPTIONS } from "./commands/task_groups.ts";
import { UsageError } from "./terminal/errors.ts";
import { callAsProgram, PROGRAM } from "./terminal/invocation.ts";
import { runCli } from "./terminal/run_cli.ts";

const ALL: ReadonlyMap<string, LoadCommand> = new Map([
  ...Object.entries(COMMANDS),
  ["completions", () => import("./completions.ts")],
]);

async function main(args: readonly string[]): Promise<number | void> {
  callAsProgram(ALL.keys());
  // `mmvm help train` is `mmvm train --help`.
  const [name = "help", ...rest] = args[0] === "help" && args.length > 1 ? [args[1]!, "--help"] : args;
  if (["help", "--help", "-h"].includes(name)) return printHelp();
  if (["--version", "-V"].includes(name)) return console.log(`${PROGRAM} ${config.version}`);
  const load = ALL.get(name);
  if (load === undefined) throw unknownCommand(name);
  const command = await load();
  return await command.main(rest);
}

function printHelp(): void {
  const listed = [...ALL.keys()].map((name) => [name, TASK_DESCRIPTIONS.get(name)!] as const);
  console.log(`Usage: ${PROGRAM} COMMAND [options]; ${PROGRAM} COMMAND --help lists the options\n`);
  console.log(formatTasks(new Map(listed)));
}

function unknownCommand(name: string): UsageError {
  if (TASK_DESCRIPTIONS.has(name)) {
    return new UsageError(`${name} is only a task: run \`deno task ${name}\` in a checkout of ${PROGRAM}`);
  }
  return new UsageError(`there is no command ${JSON.stringify(name)}; \`${PROGRAM} --help\` lists the commands`);
}

if (import.meta.main) await runCli(main);
