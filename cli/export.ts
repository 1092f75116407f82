/**
 * `deno task export RUN --format pytorch --out DIR`: writes a run's model for other programs.
 *
 * @module
 */
import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "../base/atomic_file.ts";
import { exportPytorch } from "../eval/mod.ts";
import { readResults } from "../eval/results/results_file.ts";
import { readRunConfig, type RunConfig, runPaths } from "../training/mod.ts";
import { choice, parseArguments, path } from "./options/options.ts";
import { CHECKPOINT_OPTION, runDirectory } from "./options/run_options.ts";
import { RUN_OPERAND } from "./run/open_trained_run.ts";
import { printable, UsageError, UserError } from "./terminal/errors.ts";
import { exists } from "./terminal/exists.ts";
import { runCli } from "./terminal/run_cli.ts";

/** The formats by name, each with what makes its files. */
const FORMATS = { pytorch: exportPytorch } as const;
const FORMAT_NAMES = Object.keys(FORMATS) as (keyof typeof FORMATS)[];

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values, operands: [run] } = parseArguments({
    name: "export",
    summary: "Writes the weights of a run's last checkpoint for other programs; pytorch: a state_dict and model.py.",
    options: {
      format: choice(FORMAT_NAMES, { help: "what to write" }),
      checkpoint: CHECKPOINT_OPTION,
      out: path({ help: "output folder; export in the run's folder by default", placeholder: "dir" }),
    },
    operands: RUN_OPERAND,
  }, args);
  if (values.format === undefined) throw new UsageError(`export needs --format ${FORMAT_NAMES.join(" or ")}`);
  const directory = runDirectory(run!);
  const config = await readRunConfig(directory);
  const out = values.out ?? join(directory, "export");
  if (await Deno.stat(out).then(({ isFile }) => isFile, () => false)) {
    throw new UserError(`${out} is a file: name the folder that the export is to be written to`);
  }
  const views = await viewNames(directory, config);
  const files = await FORMATS[values.format]({
    config,
    directory,
    checkpoint: values.checkpoint,
    ...(views ? { views } : {}),
    onWarning: (message) => console.error(printable(`warning: ${message}`)),
  });
  await makeFolder(out);
  for (const { name, content } of files) {
    await writeFileAtomic(join(out, name), content);
    console.log(printable(join(out, name)));
  }
}

/** The run's views in the order of their encoders, which is that of the data; known once the run was evaluated. */
async function viewNames(directory: string, { model }: RunConfig): Promise<string[] | undefined> {
  const { results } = runPaths(directory);
  if (!await exists(results)) return undefined;
  const { data } = await readResults(results);
  return data.views.filter((view) => model.views?.includes(view) ?? true);
}

if (import.meta.main) await runCli(main);
