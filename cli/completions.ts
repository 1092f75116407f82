/**
 * `deno task completions SHELL`: prints a script that completes the commands and options of `mmvm`.
 *
 * @module
 */
import { COMMANDS } from "./commands/commands.ts";
import { completionScript, type Shell, SHELLS } from "./commands/completions.ts";
import { TASK_DESCRIPTIONS } from "./commands/task_groups.ts";
import { parseArguments, specOf } from "./options/options.ts";
import { UsageError } from "./terminal/errors.ts";
import { runCli } from "./terminal/run_cli.ts";

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { operands: [shell] } = parseArguments({
    name: "completions",
    summary: 'Prints shell completions of mmvm; for bash: eval "$(mmvm completions bash)".',
    options: {},
    operands: { name: "SHELL", help: SHELLS.join(", "), min: 1, max: 1 },
  }, args);
  if (!SHELLS.some((each) => each === shell)) {
    throw new UsageError(`there are completions for ${SHELLS.join(", ")}, not for ${JSON.stringify(shell)}`);
  }
  const commands = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, load]) => {
      const { main } = await load();
      return { spec: await specOf(main), description: TASK_DESCRIPTIONS.get(name)! };
    }),
  );
  console.log(completionScript(shell as Shell, commands));
}

if (import.meta.main) await runCli(main);
