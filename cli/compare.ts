/**
 * `deno task compare RUN...`: compares runs by AUROC, with intervals and the significance of differences.
 *
 * @module
 */
import { basename, join } from "node:path";
import { chooseGrouping, type GroupBy } from "../eval/results/evaluation_groups.ts";
import { compareResults } from "../eval/results/compare_results.ts";
import { PUBLISHED_AUROC } from "../eval/results/published_auroc.ts";
import { readResults } from "../eval/results/results_file.ts";
import type { Results } from "../eval/results/results.ts";
import { formatAurocTable, formatComparisonTable } from "../eval/results/tables.ts";
import { printable, UserError } from "./terminal/errors.ts";
import { choice, flag, integer, parseArguments, text } from "./options/options.ts";
import { userPath } from "./terminal/paths.ts";
import { runCli } from "./terminal/run_cli.ts";

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values, operands } = parseArguments({
    name: "compare",
    summary: "Compares runs: AUROCs with intervals, and the significance of their differences.",
    operands: { name: "run", help: "names of runs, their folders or their results.json", min: 1, max: Infinity },
    options: {
      by: choice(["method", "run", "setting"], { help: "what to compare" }),
      baseline: text({
        help: "baseline with which all others are compared",
        pattern: /^.+$/,
        allowed: "a name in the table",
      }),
      perLabel: flag({ help: "show the differences of every label instead of only the macro average" }),
      published: flag({ help: "show published numbers for comparison" }),
      test: choice(["paired-bootstrap", "delong"], {
        help: "test for single labels: patient-level bootstrap, or DeLong's test if no patient has several studies",
        default: "paired-bootstrap",
      }),
      resamples: integer({ min: 100, max: 100_000, help: "number of bootstrap resamples", default: 1000 }),
      seed: integer({ min: 0, help: "seed of the resamples", default: 0 }),
      json: flag({ help: "print the comparisons as JSON" }),
    },
  }, args);
  const results = await Promise.all(operands.map(readRun));
  const by = values.by ?? grouping(results);
  const { baseline, test, resamples, seed } = values;
  const comparisons = await compareResults(results, { by, baseline, test, resamples, seed });
  if (values.json) {
    console.log(JSON.stringify(comparisons, null, 2));
    return;
  }
  const table = formatAurocTable(results, { by, published: values.published ? PUBLISHED_AUROC : [] });
  console.log(printable(`${table}\n\n${formatComparisonTable(comparisons, { perLabel: values.perLabel })}`));
}

/** Several runs of one method are compared with each other, not averaged into one column. */
function grouping(results: readonly Results[]): GroupBy {
  const runs = results.flatMap((file) => file.runs);
  return runs.length > 1 && new Set(runs.map((run) => run.method)).size === 1 ? "run" : chooseGrouping(results);
}

/** Reads a run's results by its name in `runs/`, its folder, or the file itself. */
async function readRun(operand: string): Promise<Results> {
  const plainName = basename(operand) === operand && !operand.endsWith(".json");
  const path = operand.endsWith(".json")
    ? userPath(operand)
    : join(plainName ? join("runs", operand) : userPath(operand), "results.json");
  try {
    return await readResults(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UserError(`${path} does not exist: \`deno task evaluate ${basename(operand)}\` writes it`);
  }
}

if (import.meta.main) await runCli(main);
