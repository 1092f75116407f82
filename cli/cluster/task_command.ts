/**
 * The command behind a task, for job scripts.
 *
 * @module
 */
import { join } from "node:path";
import { readRegularText } from "../../base/regular_file.ts";

/** The folder of this checkout. */
const CHECKOUT = join(import.meta.dirname!, "..", "..");

/**
 * The last command of a task in `deno.json` with its permissions, as a list of words. Job scripts use it because `deno
 * task` would install what is missing and pass signals on a second time.
 */
export async function taskCommand(name: string): Promise<string[]> {
  const config = join(CHECKOUT, "deno.json");
  const text = await readRegularText(config, { maxBytes: 2 ** 20, kind: "a configuration" });
  const { tasks } = JSON.parse(text) as { tasks: Record<string, { command: string }> };
  const [, flags, file] = /deno run ([^&]*) (\S+\.ts)$/.exec(tasks[name]!.command) ?? [];
  if (flags === undefined || file === undefined) throw new TypeError(`the task ${name} does not end in deno run`);
  return [Deno.execPath(), "run", "--config", config, ...flags.split(" "), join(CHECKOUT, file)];
}
