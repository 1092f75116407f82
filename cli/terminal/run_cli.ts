/**
 * The entry point of every task: prints errors and sets the exit code.
 *
 * @module
 */
import { prepareEnvironment } from "./environment.ts";
import { describeFailure, HelpShown } from "./errors.ts";
import { reworded } from "./invocation.ts";
import { tolerateLostOutput } from "./lost_output.ts";

/**
 * Runs a command and exits the process: with 0, with the code that `main` returns, or with what
 * {@linkcode describeFailure} makes of an exception, whose message goes to standard error. Prepares the environment for
 * the graphics drivers first, and lets the command survive the loss of its terminal.
 *
 * @example
 * ```ts
 * import { runCli } from "./run_cli.ts";
 *
 * async function main(args: readonly string[]): Promise<void> {
 *   await Promise.resolve(args);
 * }
 *
 * // At the end of the file: declarations below a top-level await are not initialised yet when `main` runs.
 * if (import.meta.main) await runCli(main);
 * ```
 */
export async function runCli(main: (args: readonly string[]) => Promise<number | void>): Promise<never> {
  prepareEnvironment();
  tolerateLostOutput();
  // An exception outside the awaited path (in a worker or an event handler) ends the command in the same way.
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.error ?? new Error(event.message));
  });
  try {
    Deno.exit(await main(Deno.args) ?? 0);
  } catch (error) {
    if (error instanceof HelpShown) Deno.exit(0);
    fail(error);
  }
}

function fail(error: unknown): never {
  const failure = describeFailure(error, { debug: debugWanted() });
  console.error(reworded(failure.message));
  Deno.exit(failure.exitCode);
}

function debugWanted(): boolean {
  try {
    return Boolean(Deno.env.get("MMVM_DEBUG"));
  } catch {
    return false;
  }
}
