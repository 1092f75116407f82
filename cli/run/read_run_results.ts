/**
 * Reads the results of runs that the user names.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { readResults } from "../../eval/results/results_file.ts";
import type { Results } from "../../eval/results/results.ts";
import { UserError } from "../terminal/errors.ts";
import { userPath } from "../terminal/paths.ts";

/** Results and their location. */
export interface LocatedResults {
  readonly results: Results;
  /** Folder of the results file. */
  readonly directory: string;
}

/**
 * Reads the results of a run by its name in `runs/`, its folder, or the results file itself.
 *
 * @throws {UserError} If there is no such file, naming the command that creates it.
 */
export async function readRunResults(operand: string): Promise<LocatedResults> {
  const plainName = basename(operand) === operand && !operand.endsWith(".json");
  const path = operand.endsWith(".json")
    ? userPath(operand)
    : join(plainName ? join("runs", operand) : userPath(operand), "results.json");
  try {
    return { results: await readResults(path), directory: dirname(path) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UserError(`${path} does not exist: \`deno task evaluate ${basename(operand)}\` writes it`);
  }
}
