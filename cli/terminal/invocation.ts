/**
 * How the user calls commands: as tasks of a checkout, `deno task NAME`, or through the installed program, `mmvm NAME`.
 *
 * @module
 */

/** The name of the installed program. */
export const PROGRAM = "mmvm";

/** The tasks that the running program has as commands; none if this process is a task. */
let commands: ReadonlySet<string> = new Set();

/** From now on, hints name these commands as `mmvm NAME`. */
export function callAsProgram(names: Iterable<string>): void {
  commands = new Set(names);
}

/** A command as the user would type it: `deno task train`, or `mmvm train`. */
export function invocation(name: string): string {
  return `${commands.has(name) ? PROGRAM : "deno task"} ${name}`;
}

/** Rewrites the commands that a text mentions, such as `deno task evaluate RUN`, as the user would type them. */
export function reworded(text: string): string {
  return text.replaceAll(/\bdeno task ([\w:-]+)/g, (_, name: string) => invocation(name));
}
