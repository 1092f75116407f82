import { prepareEnvironment } from "./environment.ts";
import { describeFailure, HelpShown } from "./errors.ts";

/**
 * Runs a command to its end and exits the process: 0, or what {@linkcode describeFailure} says of an exception, which goes to standard
 * error. `main` may return another exit code. Prepares the environment for the graphics drivers first.
 *
 * @example
 * ```ts
 * import { runCli } from "./run_cli.ts";
 *
 * async function main(args: readonly string[]): Promise<void> {
 *   await Promise.resolve(args);
 * }
 *
 * // At the end of the file: what stands below a top-level await is not yet initialised when `main` runs.
 * if (import.meta.main) await runCli(main);
 * ```
 */
export async function runCli(main: (args: readonly string[]) => Promise<number | void>): Promise<never> {
  prepareEnvironment();
  // An exception outside the awaited path (a worker's, an event handler's) ends the command with the same words.
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
  console.error(failure.message);
  Deno.exit(failure.exitCode);
}

function debugWanted(): boolean {
  try {
    return Boolean(Deno.env.get("MMVM_DEBUG"));
  } catch {
    return false;
  }
}
