/**
 * `deno task help`: the tasks on one screen, by what they are for. (`deno task` alone prints Deno's own list.)
 *
 * @module
 */
import { formatTasks, TASK_DESCRIPTIONS } from "./commands/task_groups.ts";
import { parseArguments } from "./options/options.ts";
import { runCli } from "./terminal/run_cli.ts";

function main(args: readonly string[]): Promise<void> {
  parseArguments({ name: "help", summary: "Prints the tasks by what they are for.", options: {} }, args);
  console.log(`Usage: deno task NAME [options]; deno task NAME --help lists the options\n`);
  console.log(formatTasks(TASK_DESCRIPTIONS));
  return Promise.resolve();
}

if (import.meta.main) await runCli(main);
