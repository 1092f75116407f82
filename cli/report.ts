/**
 * `deno task report RUN...`: writes the report of one run, or comparing several.
 *
 * @module
 */
import { join } from "node:path";
import { compareResults } from "../eval/results/compare_results.ts";
import type { Results } from "../eval/results/results.ts";
import { combineResults } from "../viz/report/combine_results.ts";
import { printable } from "./terminal/errors.ts";
import { flag, parseArguments, path } from "./options/options.ts";
import { userPath } from "./terminal/paths.ts";
import { readRunResults } from "./run/read_run_results.ts";
import { runCli } from "./terminal/run_cli.ts";
import { writeReport } from "./run/write_report.ts";

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values, operands } = parseArguments({
    name: "report",
    summary: "Writes a self-contained HTML report of one run, or comparing several.",
    operands: { name: "run", help: "names of runs, their folders or their results.json", min: 1, max: Infinity },
    options: {
      out: path({
        help: "output file; by default report.html next to a single run's results, or in the current folder",
        placeholder: "file",
      }),
      includeImages: flag({ help: "embed pictures even if they show patients; check the data's terms of use first" }),
      includeIds: flag({ help: "include study and patient identifiers" }),
    },
  }, args);
  const found = await Promise.all(operands.map(readRunResults));
  const combined = combineResults(found.map(({ results }) => results));
  const results = found.length > 1 ? await compared(combined) : combined;
  const file = await writeReport(results, {
    path: values.out ?? (found.length > 1 ? userPath("report.html") : join(found[0]!.directory, "report.html")),
    includeImages: values.includeImages,
    includeIds: values.includeIds,
  });
  console.log(`report: ${file}`);
}

/** Adds paired differences between the runs, unless they were not tested on the same studies. */
async function compared(results: Results): Promise<Results> {
  try {
    return { ...results, comparisons: await compareResults([results]) };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "DataError") throw error;
    console.error(printable(`warning: no paired differences: ${error.message}`));
    return results;
  }
}

if (import.meta.main) await runCli(main);
