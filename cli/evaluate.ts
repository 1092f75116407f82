/**
 * `deno task evaluate RUN`: encodes data with a run's last checkpoint, trains probes and scores them.
 *
 * @module
 */
import { arePhantoms } from "../phantoms/mod.ts";
import { evaluateRun, formatAurocTable, PUBLISHED_AUROC } from "../eval/mod.ts";
import { neededData, openRunData, readRunConfig, runPaths } from "../training/mod.ts";
import { Device } from "../runtime/mod.ts";
import { printable, UsageError } from "./terminal/errors.ts";
import { choice, flag, integer, parseArguments, path, text } from "./options/options.ts";
import { CACHE } from "./run/phantom_data.ts";
import { invocation } from "./terminal/invocation.ts";
import { runCli } from "./terminal/run_cli.ts";
import { writeReport } from "./run/write_report.ts";
import { reportData, softwareVersions, stageProgress } from "./run/run_output.ts";
import { runDirectory } from "./options/run_options.ts";

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values, operands: [run] } = parseArguments({
    name: "evaluate",
    summary:
      "Encodes data with a run's last checkpoint, trains probes, scores the test split and writes results and report.",
    options: {
      probe: choice(["lr", "rf"], { help: "logistic regression or random forest", default: "lr" }),
      labelled: text({
        help: "fractions of the training patients whose labels are used",
        pattern: /^[0-9.,e-]+$/,
        allowed: "comma-separated numbers above 0 and at most 1",
        placeholder: "list",
        default: "1",
      }),
      seeds: integer({ min: 1, max: 100, help: "number of seeds for the labelled subset and the probe", default: 1 }),
      trees: integer({ min: 1, max: 100_000, help: "trees per random forest (papers: 5000)", default: 5000 }),
      resamples: integer({ min: 1, max: 100_000, help: "number of bootstrap resamples", default: 1000 }),
      untrained: flag({ help: "also evaluate the untrained encoders, for comparison" }),
      data: path({ help: "new data directory, if it has moved since training", placeholder: "dir" }),
    },
    operands: { name: "RUN", help: "name or directory of a run", min: 1, max: 1 },
  }, args);
  const directory = runDirectory(run!);
  const config = await readRunConfig(directory);
  checkWritable(directory);
  const place = values.data === undefined ? config.data : { ...config.data, root: values.data };
  using reporter = reportData();
  const data = await openRunData({
    ...neededData({ ...config, data: place }),
    cacheDir: CACHE,
    ...reporter,
  });
  reporter.finish(data);
  using device = await Device.open();
  using progress = stageProgress();
  const results = await evaluateRun({
    config,
    directory,
    data,
    device,
    probe: values.probe === "lr" ? { kind: "logistic-regression" } : { kind: "random-forest", trees: values.trees },
    labelledFractions: fractions(values.labelled),
    probeSeeds: Array.from({ length: values.seeds }, (_, seed) => seed),
    bootstrap: { resamples: values.resamples },
    untrained: values.untrained,
    pictures: true,
    arePhantoms: (names) => arePhantoms(data.index.root, names),
    commands: [[invocation("evaluate"), ...args].join(" ")],
    versions: softwareVersions(),
    seconds: { prepare: data.prepareSeconds },
    onProgress: progress.update,
    onWarning: (message) => console.error(printable(`warning: ${message}`)),
  });
  progress.stop();
  const report = await writeReport(results, { path: runPaths(directory).report });
  console.log(printable(formatAurocTable(results, { published: PUBLISHED_AUROC })));
  console.log(`\nreport: ${report}`);
}

/** Before hours of work: results go into the run's directory, and the task may write to `runs` alone (SECURITY.md). */
function checkWritable(directory: string): void {
  if (Deno.permissions.querySync({ name: "write", path: directory }).state === "granted") return;
  throw new UsageError(
    `${directory} is outside runs/, where this task may not write its results; move the run into runs/ and give ` +
      `its name`,
  );
}

function fractions(list: string): number[] {
  return list.split(",").map((word) => {
    const value = Number(word);
    if (word === "" || !(value > 0 && value <= 1)) {
      throw new UsageError(
        `--labelled must be comma-separated numbers above 0 and at most 1, not ${JSON.stringify(list)}`,
      );
    }
    return value;
  });
}

if (import.meta.main) await runCli(main);
