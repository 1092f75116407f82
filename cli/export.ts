/**
 * `deno task export RUN`: writes a run's model for other programs (`--format pytorch`), or as one HTML file that runs
 * it in a browser (`--format html`).
 *
 * @module
 */
import { join } from "node:path";
import { choice, flag, parseArguments, path } from "./options/options.ts";
import { RUN_OPERAND, TRAINED_RUN_OPTIONS } from "./run/open_trained_run.ts";
import { exportHtml } from "./run/export_html.ts";
import { exportFolder } from "./run/export_folder.ts";
import { UsageError } from "./terminal/errors.ts";
import { runDirectory } from "./options/run_options.ts";
import { runCli } from "./terminal/run_cli.ts";

const FORMATS = ["pytorch", "html"] as const;
/** How weights are stored with a flag. */
const STORAGES = { small: "i8", half: "f16", exact: "f32" } as const;
/** Flags of the format `html` alone. */
const HTML_FLAGS = [
  "into",
  "small",
  "half",
  "exact",
  "neighbours",
  "noProbes",
  "data",
  "dataset",
  "includeImages",
] as const;

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<number> {
  const { values, operands: [run] } = parseArguments({
    name: "export",
    summary:
      "Writes the model of a run's last checkpoint; pytorch: a state_dict and model.py; html: one file that runs it " +
      "in a browser.",
    options: {
      format: choice(FORMATS, { help: "what to write; html if --out ends in .html or with --into" }),
      out: path({
        help: "output folder, export in the run's folder by default; html: output file, model.html there by default",
        placeholder: "path",
      }),
      into: path({ help: "html: write the run's report to this file, with the model in it", placeholder: "file" }),
      small: flag({ help: "html: quantise the weights to 8 bits" }),
      half: flag({ help: "html: round all weights to float16; by default those of encoders stay float32" }),
      exact: flag({ help: "html: keep all weights in float32" }),
      neighbours: flag({ help: "html: include up to 300 studies, with pictures, to compare with; may show patients" }),
      noProbes: flag({ help: "html: leave out the probes, which are fitted on the run's data" }),
      includeImages: flag({ help: "html: embed the report's pictures even if they show patients" }),
      ...TRAINED_RUN_OPTIONS,
    },
    operands: RUN_OPERAND,
  }, args);
  const { format = values.into !== undefined || values.out?.endsWith(".html") ? "html" : undefined } = values;
  if (format === undefined) throw new UsageError(`export needs --format ${FORMATS.join(" or ")}`);
  if (format === "html") {
    const [first, second] = (["small", "half", "exact"] as const).filter((name) => values[name]);
    if (second) throw new UsageError(`--${first} and --${second} contradict each other: give one`);
    const storage = first ? STORAGES[first] : "mixed";
    return await exportHtml(run!, { ...values, storage, probes: !values.noProbes });
  }
  const given = HTML_FLAGS.find((name) => values[name] !== undefined && values[name] !== false);
  if (given !== undefined) {
    const name = given.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${name} is for --format html: leave it out, or give that format`);
  }
  const directory = runDirectory(run!);
  const { checkpoint, out = join(directory, "export") } = values;
  await exportFolder(directory, { out, checkpoint });
  return 0;
}

if (import.meta.main) await runCli(main);
